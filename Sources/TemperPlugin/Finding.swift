/// What a detector found, and what it would do about it.
public struct Finding: Sendable, Equatable {
  /// What can be done about trouble, in order of force. The host carries out the strongest of all
  /// detectors' that the user allows, by default nothing beyond a warning.
  public enum Action: Sendable, Equatable {
    case none
    case warn
    /// Scales the learning rate, which comes back within `steps`.
    case scaleRate(factor: Double, steps: Int)
    /// Shortens this update: at the event `update`.
    case shorten(factor: Double)
    /// Takes sequences out of this rollout, `[sequenceCount]`: at the event `rollout`.
    case dropSequences([Bool])
    /// This update never happened: at `gradients` and `update`.
    case skipStep
    /// Back to the last good state, with the learning rate scaled.
    case rollBack(factor: Double)
    /// The end of the run, with a checkpoint of the last good state.
    case stop
  }

  public var action: Action
  /// The run is being spoiled, not only at risk.
  public var isCritical: Bool
  /// One sentence with the figures and the remedy.
  public var reason: String

  public init(_ action: Action, isCritical: Bool = false, _ reason: String = "") {
    (self.action, self.isCritical, self.reason) = (action, isCritical, reason)
  }

  public static var nothing: Finding { Finding(.none) }

  public static func warn(_ reason: String) -> Finding { Finding(.warn, reason) }
}

/// All that one look finds, of which the host gets one: the strongest, with what else was found
/// behind its reason.
public struct Findings: Sendable {
  private var found: [Finding] = []
  /// What was said before goes on to spoil the run, although it is not said again yet: the host
  /// then keeps no state to go back to.
  public var isCritical = false

  public init() {}

  public mutating func add(_ finding: Finding) {
    if finding.action != .none { found.append(finding) }
  }

  public mutating func add(
    _ action: Finding.Action, isCritical: Bool = false, _ reason: String
  ) {
    add(Finding(action, isCritical: isCritical, reason))
  }

  public mutating func warn(_ reason: String) { add(.warn, reason) }

  /// Of equally strong ones the first.
  public var strongest: Finding {
    guard let force = found.map(\.action.force).max() else {
      return Finding(.none, isCritical: isCritical)
    }
    let place = found.firstIndex { $0.action.force == force }!
    var strongest = found[place]
    strongest.isCritical = isCritical || found.contains(where: \.isCritical)
    let others = found.indices.filter { $0 != place }.map { found[$0].reason }
    strongest.reason = ([strongest.reason] + others).joined(separator: "; ")
    return strongest
  }
}

extension Finding.Action {
  /// The larger, the stronger.
  var force: Int {
    switch self {
    case .none: 0
    case .warn: 1
    case .scaleRate: 2
    case .shorten: 3
    case .dropSequences: 4
    case .skipStep: 5
    case .rollBack: 6
    case .stop: 7
    }
  }
}
