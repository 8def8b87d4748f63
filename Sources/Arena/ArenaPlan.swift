/// What an arena compares: methods, each run with several seeds from the same start on one task.
public struct ArenaPlan: Sendable, Equatable {
  /// The first is the baseline, the others are compared with it.
  public var methods: [Method]
  public var seeds: [Int]
  public var tuning: Tuning?

  public init(methods: [Method], seeds: [Int], tuning: Tuning? = nil) {
    (self.methods, self.seeds, self.tuning) = (methods, seeds, tuning)
  }

  /// Plain GRPO, or GRPO with an intervention.
  public struct Method: Sendable, Equatable {
    public var name: String
    /// `NAME` or `NAME:key=value,...` as `--entropy` takes it; `nil` for none.
    public var entropy: String?
    /// The setting that says how strongly the method acts, and the values to choose from.
    public var strength: Strength?

    public init(name: String, entropy: String?, strength: Strength? = nil) {
      (self.name, self.entropy, self.strength) = (name, entropy, strength)
    }

    /// The `--entropy` option with a value of the strength in it.
    public func option(strength value: Double?) -> String? {
      guard let entropy, let strength, let value else { return entropy }
      return entropy + (entropy.contains(":") ? "," : ":") + "\(strength.key)=\(plain(value))"
    }
  }

  public struct Strength: Sendable, Equatable {
    public var key: String
    public var values: [Double]
    public init(key: String, values: [Double]) { (self.key, self.values) = (key, values) }
  }

  /// One seed, apart from those that are reported, on which settings are chosen.
  public struct Tuning: Sendable, Equatable {
    public var seed: Int
    /// Tried on the baseline; the chosen one holds for every method.
    public var learningRates: [Double]
    public init(seed: Int, learningRates: [Double]) {
      (self.seed, self.learningRates) = (seed, learningRates)
    }
  }
}

/// One run of the arena.
public struct ArenaCell: Sendable, Hashable {
  public enum Phase: String, Sendable {
    /// Learning rates, on the baseline.
    case rates
    /// Strengths, method by method.
    case strengths
    /// What is reported.
    case runs
  }

  public let phase: Phase
  public let method: String
  /// `--entropy`; `nil` for none.
  public let entropy: String?
  /// `nil` leaves the task's own.
  public let learningRate: Double?
  public let strength: Double?
  public let seed: Int

  /// Where its files are, under the arena's folder.
  public var folder: String {
    var name = method
    if let strength { name += "-" + plain(strength) }
    if phase == .rates, let learningRate { name += "-lr" + plain(learningRate) }
    return "\(phase.rawValue)/\(name)/seed-\(seed)"
  }
}

extension ArenaPlan {
  /// The runs that find the learning rate; none where there is nothing to choose.
  public var rateCells: [ArenaCell] {
    guard let tuning, tuning.learningRates.count > 1 else { return [] }
    return tuning.learningRates.map { rate in
      ArenaCell(
        phase: .rates, method: methods[0].name, entropy: methods[0].entropy, learningRate: rate,
        strength: nil, seed: tuning.seed)
    }
  }

  /// The runs that find the methods' strengths, at the learning rate that was chosen.
  public func strengthCells(learningRate: Double?) -> [ArenaCell] {
    guard let tuning else { return [] }
    return methods.flatMap { method -> [ArenaCell] in
      guard let strength = method.strength, strength.values.count > 1 else { return [] }
      return strength.values.map { value in
        ArenaCell(
          phase: .strengths, method: method.name, entropy: method.option(strength: value),
          learningRate: learningRate, strength: value, seed: tuning.seed)
      }
    }
  }

  /// The runs that are reported, seed by seed, so that an arena that is cut short has whole seeds.
  public func runCells(learningRate: Double?, strengths: [String: Double]) -> [ArenaCell] {
    seeds.flatMap { seed in
      methods.map { method in
        let strength = strengths[method.name] ?? method.strength?.values.first
        return ArenaCell(
          phase: .runs, method: method.name, entropy: method.option(strength: strength),
          learningRate: learningRate, strength: strength, seed: seed)
      }
    }
  }
}

/// A number as people write it: `0.001`, `1e-05`.
func plain(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
}
