import Glibc
import TemperPlugin

/// Pulls rare but plausible tokens of negative advantage towards a policy without its noise, so
/// that they are not pushed to zero.
///
///     selected:      phi = -A r + coef D,  D = KL(q || p) or its estimate k3
///     not selected:  phi as the run has it, clipped to 1 - 1.0 and 1 + 9.0
///
/// Lp-Reg, "Low-probability Tokens Sustain Exploration in Reinforcement Learning with Verifiable
/// Reward" (arXiv:2510.03222).
struct LpReg: EntropyIntervention {
  enum Filter: String, PluginChoice { case minP = "min_p", fixed }
  enum Scope: String, PluginChoice { case negative, batch }
  enum Divergence: String, PluginChoice { case k3, forward }
  enum ProxySource: String, PluginChoice { case old, current }

  struct Configuration: PluginConfiguration {
    var filter = Filter.minP
    /// Of `min_p`: the threshold is this share of the row's largest probability.
    var kappa = 0.02
    /// Of `fixed`: the threshold itself.
    var tau = 0.02
    /// A symbol at the threshold is kept.
    var keepEqual = true
    var scope = Scope.negative
    var rho = 0.01
    /// Of `negative`: with fewer candidates there are none.
    var minK = 2
    var requireBelowProxy = true
    var divergence = Divergence.k3
    var coef = 1.0
    /// k3 is constant above it; `nil` for no bound.
    var klClamp: Double? = 10
    var unclipSelected = true
    var proxyFrom = ProxySource.old
  }

  static let id = "temper.lp-reg"
  static let version = "1.0.0"
  static let summary = "Lp-Reg: keeps rare but plausible tokens from being pushed to zero."

  let configuration: Configuration
  let host: Host
  let needs: EntropyNeeds
  /// The symbols of old rows are kept as bytes.
  private let keepsSymbols: Bool

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("kappa", configuration.kappa, above: 0, atMost: 1)
    try configuration.require("tau", configuration.tau, above: 0, below: 1)
    try configuration.require("rho", configuration.rho, above: 0, atMost: 1)
    try configuration.require("coef", configuration.coef, atLeast: 0)
    try configuration.require("kl_clamp", configuration.klClamp ?? 10, above: 0)
    (self.configuration, self.host) = (configuration, host)
    let isOld = configuration.proxyFrom == .old
    keepsSymbols = isOld && configuration.divergence == .forward
    needs = EntropyNeeds(observed: 3, oldRows: isOld, currentRows: !isOld, replacesBase: true)
  }

  /// Notes M, q_y and whether the proxy was cut.
  func observe(_ row: Row, _ observed: inout Observed) {
    let proxy = proxy(row)
    let q = proxy.probability(of: row.token)
    (observed[0], observed[1], observed[2]) = (Float(proxy.mass), q, proxy.isCut ? 1 : 0)
    // With q_y = 0 a token is never selected.
    if keepsSymbols, q > 0 { observed.keep(proxy.symbols) }
  }

  private func proxy(_ row: Row) -> Proxy {
    let threshold =
      switch configuration.filter {
      case .minP: row.largest + Float(log(configuration.kappa))
      case .fixed: Float(log(configuration.tau))
      }
    return Proxy(
      of: row, from: configuration.keepEqual ? threshold : threshold.nextUp,
      atMost: keepsSymbols ? Proxy.capacity : .max)
  }

  private func noted(_ tokens: Tokens, _ t: Int) -> UnsafeBufferPointer<Float> {
    configuration.proxyFrom == .old ? tokens.oldObserved(t) : tokens.observed(t)
  }

  /// - Returns: `[N]` the selected tokens.
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) -> [Bool] {
    let tokens = step.tokens
    if !step.clipIsExplicit {
      shaping.clipLow.update(repeating: 1)
      shaping.clipHigh.update(repeating: 9)
    }
    let isCandidate = candidates(tokens)
    var isSelected = [Bool](repeating: false, count: tokens.count)
    for t in tokens.trained where isCandidate[t] {
      let q = noted(tokens, t)[1]
      // Where nothing was filtered q_y is p_y, up to a rounding that selects nobody.
      let isBelow = q > 0 && log(Double(q)) - Double(tokens.logprobs[t]) > 1e-6
      isSelected[t] = q > 0 && (isBelow || !configuration.requireBelowProxy)
      guard isSelected[t], configuration.coef > 0 else { continue }
      if configuration.unclipSelected {
        (shaping.clipLow[t], shaping.clipHigh[t]) = (.infinity, .infinity)
        shaping.dualClip[t] = .infinity
      }
      if configuration.divergence == .forward { shaping.want(t) }
    }
    report(tokens, isCandidate, isSelected)
    return isSelected
  }

  /// `[N]` tokens of negative advantage and low probability.
  private func candidates(_ tokens: Tokens) -> [Bool] {
    var isCandidate = [Bool](repeating: false, count: tokens.count)
    let negative = tokens.trained.filter { tokens.advantages[$0] < 0 }
    switch configuration.scope {
    case .negative:  // the code: the share rho of the negative tokens, the least probable ones
      let number = max(1, Int(configuration.rho * Double(negative.count)))
      guard number >= configuration.minK else { break }
      let logprobs = negative.map { Double(tokens.logprobs[$0]) }
      for place in logprobs.places(ofSmallest: number) { isCandidate[negative[place]] = true }
    case .batch:  // the paper: those below the rho-quantile of all tokens' probabilities
      let probabilities = tokens.trained { exp(Double(tokens.logprobs[$0])) }
      guard let delta = probabilities.quantile(configuration.rho) else { break }
      for t in negative { isCandidate[t] = exp(Double(tokens.logprobs[t])) < delta }
    }
    return isCandidate
  }

  func evaluate(_ run: Run, _ isSelected: [Bool], _ additions: inout Additions) {
    guard configuration.divergence == .k3 else { return }
    for t in run.tokens.trained where isSelected[run.first + t] {
      let (value, slope) = k3(run.tokens, t)
      additions.phi[t] += Float(configuration.coef * value)
      additions.dLogprob[t] += Float(configuration.coef * slope)
    }
  }

  /// D = exp(x) - x - 1 of x = log q_y - lp, and dD/dlp = 1 - exp(x); constant beyond its bounds.
  private func k3(_ tokens: Tokens, _ t: Int) -> (value: Double, slope: Double) {
    let x = log(Double(noted(tokens, t)[1])) - Double(tokens.logprobs[t])
    let bounded = min(max(x, -20), 20)
    let value = exp(bounded) - bounded - 1
    if let clamp = configuration.klClamp, value >= clamp { return (clamp, 0) }
    return (value, bounded == x ? 1 - exp(x) : 0)
  }

  /// D = sum_v q_v (log q_v - log p_v), and dD/dz = p - q.
  func differentiate(
    _ row: Row, of token: WantedToken, _ isSelected: [Bool],
    _ gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let symbols = keepsSymbols ? Proxy.symbols(token.oldBytes) : proxy(row).symbols
    let scale = token.coefficient * configuration.coef
    row.add(to: gradient) { p, _ in Float(scale) * p }
    var divergence = 0.0
    for symbol in symbols {
      let (id, q) = (Int(symbol.id), Double(symbol.probability))
      gradient[id] -= Float(scale * q)
      divergence += q * (log(q) - Double(row.logprobs[id]))
    }
    host.set(column: "kl", first: token.index, [Float(divergence)])
    return scale * divergence
  }

  private func report(_ tokens: Tokens, _ isCandidate: [Bool], _ isSelected: [Bool]) {
    let kl = tokens.trained {
      configuration.divergence == .k3 && isSelected[$0] ? k3(tokens, $0).value : 0
    }
    let isCut = tokens.trained { Double(noted(tokens, $0)[2]) }
    host.set(column: "kept_mass", of: tokens, tokens.trained { Double(noted(tokens, $0)[0]) })
    host.set(column: "proxy_prob", of: tokens, tokens.trained { Double(noted(tokens, $0)[1]) })
    host.set(column: "candidate", of: tokens, tokens.trained { isCandidate[$0] })
    host.set(column: "selected", of: tokens, tokens.trained { isSelected[$0] })
    host.set(column: "kl", of: tokens, kl)
    host.record("candidates", Double(isCandidate.count { $0 }))
    host.record("selected", Double(isSelected.count { $0 }))
    host.record("cut", isCut.mean ?? 0)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(LpReg.self) }
