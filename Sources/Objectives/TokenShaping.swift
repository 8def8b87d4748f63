import Trajectories

/// A ``Shaping`` and ``TokenAdditions`` in double, as an objective reads them; columns are `[N]`.
public struct TokenShaping: Sendable {
  public var weights: [Double]
  public var clipLow: [Double]
  public var clipHigh: [Double]
  public var dualClip: [Double]
  public var entropyCoefficient: Double
  public var klCoefficient: Double
  /// `nil` where nothing is added.
  public var additions: TokenAdditions?

  /// The objective's own bounds and coefficients where `shaping` is `nil`.
  ///
  /// A bound that is the run's own, rounded to float, is the run's own at full precision: an
  /// intervention that changes nothing changes no bit.
  public init(
    of objective: PolicyObjective, count: Int, shaping: Shaping? = nil,
    additions: TokenAdditions? = nil
  ) {
    func widened(_ column: [Float]?, _ own: Double) -> [Double] {
      guard let column else { return Array(repeating: own, count: count) }
      precondition(column.count == count, "a column of \(column.count) for \(count) tokens")
      return column.map { $0 == Float(own) ? own : Double($0) }
    }
    weights = widened(shaping?.weights, 1)
    clipLow = widened(shaping?.clipLow, objective.clipLow)
    clipHigh = widened(shaping?.clipHigh, objective.clipHigh)
    dualClip = widened(shaping?.dualClip, objective.dualClip ?? .infinity)
    entropyCoefficient = shaping?.entropyCoefficient ?? 0
    klCoefficient = shaping?.klCoefficient ?? objective.lossKLCoefficient
    self.additions = additions
  }
}

extension PolicyObjective {
  /// What interventions start from: the run's clip bounds and KL coefficient, weights 1, no
  /// entropy term.
  public func shaping(count: Int) -> Shaping {
    Shaping(
      count: count, clipLow: Float(clipLow), clipHigh: Float(clipHigh),
      dualClip: dualClip.map(Float.init) ?? .infinity, klCoefficient: lossKLCoefficient)
  }
}
