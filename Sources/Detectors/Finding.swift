/// What a detector found, and what it would do about it.
public struct Finding: Sendable, Equatable {
  public var action: DetectorAction
  /// The run is being spoiled, not only at risk.
  public var isCritical: Bool
  /// One sentence with the figures.
  public var reason: String

  public init(_ action: DetectorAction, isCritical: Bool = false, reason: String = "") {
    (self.action, self.isCritical, self.reason) = (action, isCritical, reason)
  }

  public static var nothing: Finding { Finding(.none) }
}

/// What can be done about trouble, in order of force.
public enum DetectorAction: Sendable, Equatable {
  case none
  case warn
  /// Scales the learning rate, which comes back within `steps`.
  case scaleRate(factor: Double, steps: Int)
  /// Shortens this update.
  case shorten(factor: Double)
  /// Takes sequences out of this rollout, `[S]`.
  case dropSequences([Bool])
  /// This update never happened.
  case skipStep
  /// Back to the last good state, with the learning rate scaled.
  case rollBack(factor: Double)
  /// The end of the run, with a checkpoint of the last good state.
  case stop

  /// The action without its figures, in order of force.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    case none
    case warn
    case scaleRate = "scale_rate"
    case shorten
    case dropSequences = "drop_sequences"
    case skipStep = "skip_step"
    case rollBack = "roll_back"
    case stop

    public static func < (a: Kind, b: Kind) -> Bool {
      allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
    }
  }

  public var kind: Kind {
    switch self {
    case .none: .none
    case .warn: .warn
    case .scaleRate: .scaleRate
    case .shorten: .shorten
    case .dropSequences: .dropSequences
    case .skipStep: .skipStep
    case .rollBack: .rollBack
    case .stop: .stop
    }
  }
}
