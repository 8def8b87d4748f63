import JSON

/// What detectors have brought about in a run so far, and what follows from it: how the learning
/// rate is scaled, when skipping becomes rolling back, and rolling back stopping.
///
/// It is saved in checkpoints, and no roll-back puts it back: that is how it can count them.
public struct ActionLedger: Sendable, Equatable {
  /// The smallest that all scales together make of the learning rate.
  public static let smallestScale = 0.01
  /// More skipped updates than this within ``skipWindow`` steps are rolled back.
  public static let mostSkips = 5
  public static let skipWindow = 20

  /// A scale of the learning rate that fades within `steps`.
  struct Scale: Sendable, Equatable {
    let factor: Double
    let steps: Int
    /// The step in which it holds in full.
    let from: Int
  }

  public let mostRollBacks: Int
  public private(set) var rollBacks = 0
  private(set) var scales: [Scale] = []
  /// What roll-backs have left of the learning rate.
  private(set) var lasting = 1.0
  /// The steps of updates that were skipped.
  private(set) var skips: [Int] = []
  /// Prompts that the run leaves out, for one that brought it down is among them.
  private(set) var omitted: [Range<Int>] = []

  public init(mostRollBacks: Int = 3) { self.mostRollBacks = mostRollBacks }

  // MARK: What is to be done

  /// Says what is done about what was found at one event: the strongest action that is allowed.
  ///
  /// - Parameters:
  ///   - found: of one event; gains what is allowed and done.
  ///   - limit: the strongest action allowed to the detector at a place.
  public mutating func resolve(
    _ found: inout [Detection], limit: (_ place: Int) -> DetectorAction.Kind
  ) -> DetectorAction {
    for index in found.indices {
      found[index].allowed = found[index].finding.action.clamped(
        to: limit(found[index].place), at: found[index].event)
    }
    guard let strongest = found.map(\.allowed.kind).max(), strongest != .none else { return .none }
    let winners = found.indices.filter { found[$0].allowed.kind == strongest }
    var action = winners.dropFirst().reduce(found[winners[0]].allowed) {
      $0.joined(with: found[$1].allowed)
    }
    let step = found[winners[0]].step
    action = escalated(action, step, limit: winners.map { limit(found[$0].place) }.max()!)
    note(action, step)
    for index in found.indices where found[index].allowed == .warn { found[index].done = .warn }
    for index in winners { found[index].done = action }
    return action
  }

  private func escalated(
    _ action: DetectorAction, _ step: Int, limit: DetectorAction.Kind
  ) -> DetectorAction {
    var action = action
    let recent = skips.count { $0 > step - Self.skipWindow }
    if action == .skipStep, recent >= Self.mostSkips, limit >= .rollBack {
      action = .rollBack(factor: DetectorAction.rollBackFactor)
    }
    if action.kind == .rollBack, rollBacks >= mostRollBacks { action = .stop }
    return action
  }

  private mutating func note(_ action: DetectorAction, _ step: Int) {
    switch action {
    case .scaleRate(let factor, let steps):
      scales.append(Scale(factor: factor, steps: steps, from: step))
    case .skipStep:
      skips = skips.filter { $0 > step - Self.skipWindow } + [step]
    case .rollBack(let factor):
      rollBacks += 1
      lasting *= factor
      skips = []
    case .none, .warn, .shorten, .dropSequences, .stop: break
    }
  }

  // MARK: What follows

  /// What the learning rate of step `step` is multiplied by.
  public mutating func rateScale(at step: Int) -> Double {
    scales.removeAll { $0.steps <= step - $0.from && step > $0.from }
    let product = scales.reduce(lasting) { product, scale in
      let passed = scale.steps > 0 ? Double(step - scale.from) / Double(scale.steps) : 0
      return product * (scale.factor + (1 - scale.factor) * passed)
    }
    return max(product, Self.smallestScale)
  }

  /// Leaves prompts out of the rest of the run.
  public mutating func omit(_ prompts: Range<Int>) {
    if !prompts.isEmpty { omitted.append(prompts) }
  }

  /// Where `count` prompts can be drawn from, at `first` or behind it.
  public func place(of count: Int, from first: Int) -> Int {
    var first = first
    while let hit = omitted.first(where: { $0.overlaps(first..<first + count) }) {
      first = hit.upperBound
    }
    return first
  }
}

extension DetectorAction {
  /// What a roll-back leaves of the learning rate where nobody says it.
  public static let rollBackFactor = 0.5

  /// The strongest action that is both allowed and still possible. What takes a figure that the
  /// proposal does not have becomes a warning.
  func clamped(to limit: Kind, at event: DetectionEvent) -> DetectorAction {
    if kind <= .warn { return limit == .none ? .none : self }
    if kind <= limit, event.takes(kind) { return self }
    for weaker in Kind.allCases.reversed() where weaker < kind && weaker <= limit {
      guard event.takes(weaker) else { continue }
      switch weaker {
      case .skipStep: return .skipStep
      case .rollBack: return .rollBack(factor: Self.rollBackFactor)
      case .warn: return .warn
      case .none, .scaleRate, .shorten, .dropSequences, .stop: continue
      }
    }
    return .none
  }

  /// Of two of one force: the smaller factor, all sequences of both.
  func joined(with other: DetectorAction) -> DetectorAction {
    switch (self, other) {
    case (.scaleRate(let a, let steps), .scaleRate(let b, let otherSteps)):
      .scaleRate(factor: min(a, b), steps: max(steps, otherSteps))
    case (.shorten(let a), .shorten(let b)): .shorten(factor: min(a, b))
    case (.rollBack(let a), .rollBack(let b)): .rollBack(factor: min(a, b))
    case (.dropSequences(let a), .dropSequences(let b)):
      .dropSequences(zip(a, b).map { $0 || $1 })
    default: self
    }
  }
}

extension DetectionEvent {
  /// Whether that can still be done at this event.
  func takes(_ action: DetectorAction.Kind) -> Bool {
    switch action {
    case .none, .warn, .scaleRate, .rollBack, .stop: true
    case .dropSequences: self == .rollout
    case .shorten, .skipStep: [.rollout, .gradients, .update].contains(self)
    }
  }
}

extension ActionLedger {
  /// For a checkpoint.
  public var record: JSONLiteral {
    [
      "roll_backs": .int(rollBacks), "lasting": .double(lasting), "skips": .ints(skips),
      "scales": .array(
        scales.map {
          ["factor": .double($0.factor), "steps": .int($0.steps), "from": .int($0.from)]
        }),
      "omitted": .array(omitted.map { .ints([$0.lowerBound, $0.upperBound]) }),
    ]
  }

  /// - Throws: a `JSONError` where it is no ``record``.
  public mutating func restore(_ record: JSON) throws {
    rollBacks = try record["roll_backs"].requireInt()
    lasting = try record["lasting"].requireDouble()
    skips = try record["skips"].requireArray().map { try $0.requireInt() }
    scales = try record["scales"].requireArray().map {
      Scale(
        factor: try $0["factor"].requireDouble(), steps: try $0["steps"].requireInt(),
        from: try $0["from"].requireInt())
    }
    omitted = try record["omitted"].requireArray().map { pair in
      let ends = try pair.requireArray().map { try $0.requireInt() }
      guard ends.count == 2, ends[0] <= ends[1] else { return 0..<0 }
      return ends[0]..<ends[1]
    }
  }
}
