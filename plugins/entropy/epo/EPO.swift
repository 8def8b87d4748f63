import TemperPlugin

/// An entropy bonus, and a penalty on entropies outside a band around their historical mean of the
/// same turn, for episodes of many turns.
///
///     loss += -lambda (sum W H - mu beta_k sum W P)
///
///     hinge      P = alpha (max(0, U - kappa_r hbar) + max(0, kappa_l hbar - U))
///     indicator  P = 0 if kappa_l hbar < U < kappa_r hbar else alpha; no gradient
///
/// EPO, "Entropy-regularized Policy Optimization for LLM Agents Reinforcement Learning"
/// (arXiv:2509.22576).
struct EPO: EntropyIntervention {
  enum Penalty: String, PluginChoice { case hinge, indicator }
  enum Unit: String, PluginChoice { case token, turn }

  struct Configuration: PluginConfiguration {
    var lambda = 0.001
    var mu = 1.0
    var kappaL = 0.8
    var kappaR = 1.2
    var alpha = 0.1
    var penalty = Penalty.hinge
    /// U is the entropy of the token, or the mean of its turn.
    var unit = Unit.token
    /// The penalty waits until a trained token has come that far.
    var minTurn = 0
    var phase = Phase.constant
    /// Of `exp_decay`.
    var gamma = 1.0
    /// Of `exp_decay`, in rollouts; `nil` for half of the run.
    var kMid: Double?
    /// `nil` for what the phase says.
    var betaK: Double?
    /// Rollouts that the historical mean looks back on, by falling weight; `nil` for all alike.
    var window: Double?
    /// hbar by turn, `null` for unknown; `nil` for what earlier rollouts measured.
    var history: [Double?]?
  }

  /// What `prepare` holds: hbar by turn, and lambda mu beta_k.
  struct Band {
    /// Empty while the gate is shut.
    let means: [Double?]
    let strength: Double
  }

  static let id = "temper.epo"
  static let version = "1.0.0"
  static let summary = "EPO: an entropy bonus within a band around each turn's earlier entropy."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("lambda", configuration.lambda, atLeast: 0)
    try configuration.require("mu", configuration.mu, atLeast: 0)
    try configuration.require("alpha", configuration.alpha, atLeast: 0)
    try configuration.require("kappa_l", configuration.kappaL, atLeast: 0, atMost: 1)
    try configuration.require("kappa_r", configuration.kappaR, atLeast: 1)
    try configuration.require("min_turn", Double(configuration.minTurn), atLeast: 0)
    try configuration.require("k_mid", configuration.kMid ?? 1, above: 0)
    try configuration.require("window", configuration.window ?? 1, atLeast: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout History) -> Band {
    let tokens = step.tokens
    state.turn(to: step.rollout, window: configuration.window)
    let means = configuration.history ?? state.means
    state.gather(tokens)

    let beta =
      configuration.betaK
      ?? configuration.phase.weight(
        iteration: step.rollout - 1, of: step.totalSteps, gamma: configuration.gamma,
        middle: configuration.kMid)
    let isOpen = tokens.trained.contains { tokens.turns[$0] >= configuration.minTurn }
    let band = Band(
      means: isOpen ? means : [], strength: configuration.lambda * configuration.mu * beta)
    shaping.entropyCoefficient += configuration.lambda
    host.record("beta_k", beta)
    report(tokens, band)
    return band
  }

  func evaluate(_ run: Run, _ band: Band, _ additions: inout Additions) {
    let units = units(run.tokens)
    for t in run.tokens.trained {
      let (penalty, side) = penalty(of: units[t], band.mean(of: run.tokens.turns[t]))
      additions.phi[t] += Float(band.strength * penalty)
      // Of a turn's mean too: W is one number within a sequence, so that a token's part is
      // (1/n) times the sum over the turn's n tokens of this slope.
      guard configuration.penalty == .hinge else { continue }
      additions.dEntropy[t] += Float(band.strength * configuration.alpha * side)
    }
  }

  /// `[n]` U.
  private func units(_ tokens: Tokens) -> [Double] {
    var units = tokens.entropies.map(Double.init)
    guard configuration.unit == .turn else { return units }
    for sequence in tokens.sequences {
      let trained = tokens.trained(in: tokens.range(sequence))
      for segment in Dictionary(grouping: trained, by: { tokens.turns[$0] }).values {
        let mean = segment.map { units[$0] }.mean!
        for t in segment { units[t] = mean }
      }
    }
    return units
  }

  /// P, and the side of the band that U is on: 1 above, -1 below, 0 inside or where there is none.
  private func penalty(of unit: Double, _ mean: Double?) -> (Double, side: Double) {
    guard let mean else { return (0, 0) }
    let (low, high) = (configuration.kappaL * mean, configuration.kappaR * mean)
    let side = unit > high ? 1.0 : unit < low ? -1.0 : 0
    switch configuration.penalty {
    case .hinge: return (configuration.alpha * (max(0, unit - high) + max(0, low - unit)), side)
    case .indicator: return (unit > low && unit < high ? 0 : configuration.alpha, side)
    }
  }

  private func report(_ tokens: Tokens, _ band: Band) {
    let units = units(tokens)
    let assessed = tokens.trained { penalty(of: units[$0], band.mean(of: tokens.turns[$0])) }
    let (isAbove, isBelow) = (assessed.map { $0.side > 0 }, assessed.map { $0.side < 0 })
    host.set(column: "unit_entropy", of: tokens, tokens.trained { units[$0] })
    host.set(column: "penalty", of: tokens, assessed.map(\.0))
    host.set(column: "above", of: tokens, isAbove)
    host.set(column: "below", of: tokens, isBelow)
    let coefficients = tokens.trained { Double(tokens.coefficients[$0]) }
    let entropies = tokens.trained { Double(tokens.entropies[$0]) }
    host.record("entropy_mean", zip(coefficients, entropies).reduce(0) { $0 + $1.0 * $1.1 })
    host.record("smooth_mean", zip(coefficients, assessed).reduce(0) { $0 + $1.0 * $1.1.0 })
    host.record("above", isAbove.map { $0 ? 1.0 : 0 }.mean ?? 0)
    host.record("below", isBelow.map { $0 ? 1.0 : 0 }.mean ?? 0)
  }
}

extension EPO.Band {
  /// hbar of a turn; `nil` where it is unknown, or no more than rounding.
  func mean(of turn: UInt32) -> Double? {
    guard turn < means.count, let mean = means[Int(turn)], mean >= 1e-6 else { return nil }
    return mean
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(EPO.self) }
