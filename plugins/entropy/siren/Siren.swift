import TemperPlugin

/// Keeps the entropy of the pivotal positions near where it was at the start, counting plausible
/// symbols only.
///
///     loss += coef (Hbar - a)^2,   Hbar = (1/B) sum_i (1/k_i) sum_{t peak} H_S[i,t]
///
/// SIREN, "Rethinking Entropy Regularization in Large Reasoning Models" (arXiv:2509.25133).
struct Siren: EntropyIntervention {
  enum NucleusMode: String, PluginChoice { case standard, below }

  struct Configuration: PluginConfiguration {
    var nucleusMode = NucleusMode.standard
    var topP = 0.8
    var topK = 10_000
    /// Peaks lie above this quantile of their response's nucleus entropies.
    var peakQuantile = 0.8
    var coef = 0.005
    /// `a`; `nil` for what the first step measures.
    var anchor: Double?
  }

  struct State: PluginState {
    var anchor: Double?
  }

  static let id = "temper.siren"
  static let version = "1.0.0"
  static let summary = "SIREN: anchors the nucleus entropy of each response's peak positions."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("top_p", configuration.topP, above: 0, atMost: 1)
    try configuration.require("top_k", Double(configuration.topK), atLeast: 1)
    try configuration.require("peak_quantile", configuration.peakQuantile, atLeast: 0, below: 1)
    try configuration.require("coef", configuration.coef, atLeast: 0)
    try configuration.require("anchor", configuration.anchor ?? 0, atLeast: 0)
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = EntropyNeeds(observed: 2, currentRows: true)

  func observe(_ row: Row, _ observed: inout Observed) {
    let nucleus = nucleus(row)
    (observed[0], observed[1]) = (Float(nucleus.count), Float(nucleus.entropy))
  }

  /// - Returns: `[N]` what a row's H_S is multiplied by; 0 where no gradient is.
  func prepare(
    _ step: Step, _ shaping: inout Shaping, _ state: inout State
  ) -> [Double] {
    let tokens = step.tokens
    func entropy(_ t: Int) -> Double { Double(tokens.observed(t)[1]) }
    var thresholds = [Float](repeating: .nan, count: tokens.count)
    var shares = [Double](repeating: 0, count: tokens.count)  // 1 / (B k_i) at peaks
    var (aggregated, emptyRows) = (0.0, 0)
    for sequence in tokens.sequences {
      let trained = Array(tokens.trained(in: tokens.range(sequence)))
      let threshold = trained.map(entropy).quantile(configuration.peakQuantile)
      let peaks = threshold.map { threshold in trained.filter { entropy($0) > threshold } } ?? []
      for t in trained { thresholds[t] = Float(threshold!) }
      if peaks.isEmpty { emptyRows += 1 }
      for t in peaks {
        shares[t] = 1 / Double(tokens.sequenceCount * peaks.count)
        aggregated += shares[t] * entropy(t)
      }
    }

    // A step without a peak measures nothing.
    if state.anchor == nil, emptyRows < tokens.sequenceCount { state.anchor = aggregated }
    let anchor = configuration.anchor ?? state.anchor ?? aggregated
    let distance = aggregated - anchor
    // The square is not a sum over rows: their loss is its tangent f Hbar, and the rest a constant.
    let f = 2 * configuration.coef * distance
    let regulariser = configuration.coef * distance * distance
    shaping.scalarLoss += regulariser - f * aggregated
    for t in tokens.trained where f * shares[t] != 0 { shaping.want(t) }

    host.set(column: "nucleus_size", of: tokens, tokens.trained { Double(tokens.observed($0)[0]) })
    host.set(column: "nucleus_entropy", of: tokens, tokens.trained(entropy))
    host.set(column: "row_threshold", thresholds)
    host.set(column: "peak", of: tokens, tokens.trained { shares[$0] > 0 })
    host.record("aggregated_entropy", aggregated)
    host.record("anchor", anchor)
    host.record("regulariser", regulariser)
    host.record("empty_rows", Double(emptyRows))
    return shares.map { f * $0 }
  }

  /// d H_S / d z_v = -q_v (log q_v + H_S) in S, q being p restricted to S; else 0.
  func differentiate(
    _ row: Row, of token: WantedToken, _ factors: [Double],
    _ gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let nucleus = nucleus(row)
    nucleus.addEntropyGradient(of: row, times: factors[token.index], to: gradient)
    return factors[token.index] * nucleus.entropy
  }

  private func nucleus(_ row: Row) -> Nucleus {
    Nucleus(
      of: row, reaching: configuration.topP, atMost: configuration.topK,
      withCrossing: configuration.nucleusMode == .standard)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Siren.self) }
