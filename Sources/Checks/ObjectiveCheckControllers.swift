import EntropyControl
import JSON
import Metrics
import Objectives
import Trajectories

/// EPO's phase weight, as the plugin reports it epoch by epoch: `epo/beta_k`.
func comparePhaseWeights(
  _ block: JSON, _ plugins: ShippedInterventions
) throws -> WorstError {
  let total = try block["total"].requireInt()
  let epochs = try block["epoch"].requireArray().map { try $0.requireInt() }
  let expected = flattened(block["value"])
  guard epochs.count == expected.count else {
    throw CheckError("\(block.path): \(epochs.count) 'epoch' for \(expected.count) 'value'")
  }
  let run = try plugins.run("epo", [.init("phase", "code_decay")])
  var worst = WorstError()
  for (epoch, value) in zip(epochs, expected) {
    _ = try run.prepareTokens(step: epoch + 1, of: total, entropy: 1)
    let metrics = run.members[0].takeMetrics()
    worst.compare(metrics["epo/beta_k"] ?? .nan, value, .float, at: "beta_k of epoch \(epoch)")
  }
  return worst
}

/// The adaptive entropy coefficient: what it is after each step, and what the next step applies.
func compareAdaptiveEntropy(
  _ block: JSON, inclusive: Bool, _ plugins: ShippedInterventions
) throws -> WorstError {
  let keys = ["init", "min", "max", "delta", "target"]
  let rows = try block["rows"].requireArray()
  let run = try plugins.run(
    "adaptive-entropy",
    try keys.map { .init($0, .double(try block[$0].requireDouble())) }
      + [.init("inclusive", .bool(inclusive))])
  var worst = WorstError()
  var applied: Double? = 0
  for (index, row) in rows.enumerated() {
    let coefficient = try run.prepareTokens(
      step: index + 1, of: rows.count + 1, entropy: try row["entropy"].requireDouble())
    worst.compare(coefficient, applied, .float, at: "what step \(index + 1) applies")
    worst.compare(
      run.members[0].takeMetrics()["adaptive-entropy/coef_next"] ?? .nan,
      row["coef_next"].double, .float, at: "rows[\(index)].coef_next")
    applied = row["applied_next"].double
  }
  let last = try run.prepareTokens(step: rows.count + 1, of: rows.count + 1, entropy: 1)
  worst.compare(last, applied, .float, at: "what step \(rows.count + 1) applies")
  return worst
}

extension InterventionSet {
  /// Prepares a step of a few tokens of one entropy.
  ///
  /// - Returns: the step's entropy coefficient.
  fileprivate func prepareTokens(
    step: Int, of total: Int, entropy: Double
  ) throws -> Double {
    var batch = TokenBatch(prompts: [[0]], completions: [[0, 1, 0]])
    batch.entropies = Array(repeating: Float(entropy), count: batch.count)
    batch.oldEntropies = batch.entropies
    let objective = PolicyObjective()
    let prepared = try prepare(
      StepPosition(step: step, totalSteps: total, rollout: step, update: 0), &batch,
      objective.shaping(count: batch.count), coefficients: objective.coefficients)
    return prepared.shaping.entropyCoefficient
  }
}
