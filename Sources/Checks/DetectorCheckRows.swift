import Detectors
import Foundation
import JSON
import Objectives
import Trajectories

// Cases of rows of logits.

/// A trace of rows: entropies and divergences from pieces of one and two tokens, the rest from the
/// whole.
func compareTrace(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let logits = try rows(block["logits"])
  let lambda = block["lambda"].double ?? 1
  let trace = try plugins(
    "reasoning-instability",
    ["k": .int(try block["k"].requireInt()), "lambda": .double(lambda)])
  var (entropies, divergences, instability): ([Double], [Double], [Double]) = ([], [], [])
  for t in logits.indices {
    try trace.show([logits[t]])
    entropies.append(trace["entropy_max"])
    if t > 0 { try trace.show([logits[t - 1], logits[t]]) }
    divergences.append(trace["divergence_max"])
    // The mean over the piece, whose first token has no divergence.
    instability.append(
      t > 0 ? 2 * trace["instability"] - lambda * entropies[t - 1] : trace["instability"])
  }
  var worst = WorstError()
  try worst.compare(entropies, block["H"], .narrow, at: "H")
  try worst.compare(divergences, block["D"], .narrow, at: "D")
  try worst.compare(instability, block["I"], .narrow, at: "I")
  try trace.show(logits)
  worst.compare(trace["strength"], block["strength"].double, .narrow, at: "strength")
  worst.compare(
    trace["peak"], block["peak_index"].double.map { $0 + 1 }, .exact, at: "place of the peak")
  worst.compare(
    trace["position"], block["relative_position"].double, .narrow, at: "relative_position")
  return worst
}

extension DetectorUnderTest {
  /// Shows it a completion whose tokens were drawn from these rows.
  fileprivate func show(_ logits: [[Double]]) throws {
    var noted = ObservedRows(width: detector.needs.observed)
    for row in logits {
      noted.append(try note(TokenDistribution(logits: row), 0))
    }
    try look(.rollout) { seen in
      seen.tokens = TokenBatch(tokens: logits.count)
      seen.observed = noted
    }
  }

  private func note(_ row: TokenDistribution<Double>, _ token: Int) throws -> ObservedRows {
    let width = detector.needs.observed
    var floats = [Float](repeating: 0, count: width)
    let bytes = try floats.withUnsafeMutableBufferPointer { floats in
      try row.logprobs.map { Float($0) }.asRow { logprobs in
        try detector.observe(
          LogprobRow(
            moment: .old, token: Int32(token), logprob: logprobs[token],
            entropy: Float(row.entropy), logprobs: logprobs), into: floats)
      }
    }
    return ObservedRows(width: width, values: floats, bytes: [bytes])
  }

  /// Shows it one row of logits with what an update does to it.
  @discardableResult
  fileprivate func show(
    _ event: DetectionEvent, logits: [Double], token: Int = 0, advantage: Double = 1,
    change: [Double]? = nil, tensors: [TensorView] = [], temperature: Double = 1
  ) throws -> Finding {
    try logits.map { Float($0) }.asRow { logits in
      try (change ?? []).map { Float($0) }.asRow { moved in
        try look(event) { seen in
          seen.temperature = temperature
          seen.tensors = tensors
          seen.logits = [
            LogitRow(
              token: Int32(token), index: 0, advantage: Float(advantage), logits: logits,
              change: change == nil ? nil : moved)
          ]
        }
      }
    }
  }
}

func compareLogitMass(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let logits = try rows(block["logits"])
  let tokens = try numbers(block["action"], count: logits.count)
  let coefficients = try numbers(block["coef"], count: logits.count)
  let detector = try plugins("gradient-spike")
  var masses: [Double] = []
  for (row, (token, coefficient)) in zip(logits, zip(tokens, coefficients)) {
    try detector.show(.gradients, logits: row, token: Int(token), advantage: coefficient)
    masses.append(detector["logit_mass"])
  }
  var worst = WorstError()
  try worst.compare(masses, block["norm_sq"], .narrow, at: "norm_sq")
  return worst
}

func compareSoftmaxCollapse(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let detector = try plugins("softmax-collapse")
  var collapsed: [Double] = []
  for row in try rows(block["logits"]) {
    try detector.show(.gradients, logits: row)
    collapsed.append(detector["collapsed"])
  }
  var worst = WorstError()
  try worst.compare(collapsed, block["collapsed"], .exact, at: "collapsed")
  return worst
}

/// The radius from given changes of logits, the factor of the controller, and two symbols alone.
func compareRadius(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let changes = try rows(block["linearised_logit_change"])
  let temperature = block["temperature"].double ?? 1
  var worst = WorstError()
  let scales = block.object!.filter { $0.key.hasPrefix("scale_kappa_") }
  let kappas = scales.compactMap { Double($0.key.dropFirst("scale_kappa_".count)) }
  for (kappa, scale) in zip(
    kappas + (kappas.isEmpty ? [0.9] : []), scales.map(\.value) + [JSON?.none])
  {
    let detector = try plugins(
      "step-radius", ["controller": .bool(true), "kappa": .double(kappa)])
    var largest = 0.0
    var factor = 1.0
    // The largest over tokens, which are shown one by one.
    for change in changes {
      let finding = try detector.show(
        .update, logits: change.map { _ in 0 }, change: change, temperature: temperature)
      largest = max(largest, detector["ratio"])
      if case .shorten(let by) = finding.action { factor = min(factor, by) }
    }
    worst.compare(largest, block["r"].double, .narrow, at: "r")
    if let scale { worst.compare(factor, scale.double, .narrow, at: "scale at kappa \(kappa)") }
  }
  let binary = block["binary"]
  guard !binary.isNull else { return worst }
  var update = TensorView(name: "w", shape: [1])
  update.updateNorm = 1
  let detector = try plugins("step-radius")
  try detector.show(
    .update, logits: [try binary["delta"].requireDouble(), 0],
    change: [try binary["a0"].requireDouble(), try binary["a1"].requireDouble()],
    tensors: [update])
  worst.compare(detector["radius_top2"], binary["rho_exact"].double, .narrow, at: "rho_exact")
  worst.compare(detector["radius"], binary["rho_a"].double, .narrow, at: "rho_a")
  return worst
}
