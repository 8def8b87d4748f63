import Tensors

/// How often each way of answering is shown to a model that learns from demonstrations.
///
/// A policy that has seen mostly hasty answers gives hasty answers when it decodes greedily, and
/// finds the careful way when it samples: low at first, with something for reward to select.
public struct DemonstrationMix: Equatable, Sendable {
  public enum Style: String, CaseIterable, Sendable {
    /// The right answer at once: `#34`. Too much for a small model to do in its head.
    case hasty
    /// Working with one slip that is carried on: `13 39#37`.
    case sloppy
    /// The right working: `12 36#34`.
    case careful
  }

  /// The share of each style; they add up to 1.
  public let hasty, sloppy, careful: Double

  public static let standard = try! DemonstrationMix(hasty: 0.6, sloppy: 0.1, careful: 0.3)

  public init(hasty: Double, sloppy: Double, careful: Double) throws(EmbeddedTaskError) {
    (self.hasty, self.sloppy, self.careful) = (hasty, sloppy, careful)
    let shares = [hasty, sloppy, careful]
    guard shares.allSatisfy({ $0 >= 0 }), abs(shares.reduce(0, +) - 1) < 1e-6 else {
      throw .mix(text, reason: "the shares must be at least 0 and add up to 1")
    }
  }

  /// - Parameter text: `hasty=0.6,sloppy=0.1,careful=0.3`; what is left out is 0.
  public init(parsing text: String) throws(EmbeddedTaskError) {
    var shares: [Style: Double] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map { String($0) }
      guard let name = pair.first, let style = Style(rawValue: name) else {
        let known = Style.allCases.map(\.rawValue).joined(separator: ", ")
        throw .mix(text, reason: "'\(part)' names none of \(known)")
      }
      guard pair.count == 2, let share = Double(pair[1]) else {
        throw .mix(text, reason: "'\(part)' gives no number")
      }
      shares[style] = share
    }
    try self.init(
      hasty: shares[.hasty] ?? 0, sloppy: shares[.sloppy] ?? 0, careful: shares[.careful] ?? 0)
  }

  var text: String { "hasty=\(hasty),sloppy=\(sloppy),careful=\(careful)" }

  func style(at point: Double) -> Style {
    point < hasty ? .hasty : point < hasty + sloppy ? .sloppy : .careful
  }
}

/// A chain with one way of answering it.
public struct Demonstration: Equatable, Sendable {
  public let chain: ArithmeticChain
  public let style: DemonstrationMix.Style
  public let completion: String
}

extension ArithmeticTask {
  /// Slips that people make: off by one or two, or by a ten.
  private static let slips = [-10, -2, -1, 1, 2, 10]

  /// The demonstration number `index`, over chains of the train split. Chains may repeat.
  public func demonstration(_ index: Int, mix: DemonstrationMix = .standard) -> Demonstration {
    let stream = Stream.demonstrations.rawValue
    let chain = chain(index, of: .train, stream: .demonstrations)
    // Counters beyond those of the draws of `chain`.
    let lane = 2 * numbers
    let style = mix.style(at: random.uniform(index, 0, lane, stream))
    let completion: String
    switch style {
    case .hasty: completion = "#" + chain.answer
    case .careful: completion = chain.solution
    case .sloppy:
      let slippery = random.integer(below: numbers - 1, index, 1, lane, stream)
      let slip = Self.slips[random.integer(below: Self.slips.count, index, 2, lane, stream)]
      completion = ArithmeticChain.working(
        chain.results { $0 == slippery ? ($1 + slip + 100) % 100 : $1 })
    }
    return Demonstration(chain: chain, style: style, completion: completion)
  }
}
