import JSON
import Objectives

/// A scheme of an entry of `advantages`, or the whole entry where it has token rewards.
func checkAdvantages(_ entry: JSON, _ report: inout CheckReport) throws {
  let name = try entry["name"].requireString()
  guard let schemes = entry["schemes"].object else {
    guard !entry["token_rewards"].isNull else {
      return report.skip(name, why: "it has neither 'schemes' nor 'token_rewards'")
    }
    return report.count(name, try compareReturns(entry))
  }
  let groups = try entry["groups"].requireArray().map { try $0.requireInt() }
  let rewards = try entry["rewards"].requireArray().map(\.double)
  guard groups.count == rewards.count else {
    throw CheckError("\(entry.path): \(groups.count) 'groups' for \(rewards.count) 'rewards'")
  }
  // Rows of a group need not stand together.
  var members: [Int: [Int]] = [:]
  for (row, group) in groups.enumerated() { members[group, default: []].append(row) }
  let order = members.sorted { $0.key < $1.key }.map(\.value)
  for (scheme, block) in schemes {
    guard let estimator = estimator(of: scheme) else {
      report.skip("\(name).\(scheme)", why: "no advantage scheme is called '\(scheme)'")
      continue
    }
    let advantages = estimator.advantages(
      of: order.map { $0.map { rewards[$0] } }, epsilon: block["eps"].double)
    var found = [Double](repeating: 0, count: rewards.count)
    for (row, advantage) in zip(order.joined(), advantages.joined()) { found[row] = advantage }
    var worst = WorstError()
    try worst.compare(found, block["advantage"], .double, at: "advantage")
    report.count("\(name).\(scheme)", worst)
  }
}

private func estimator(of scheme: String) -> AdvantageEstimator? {
  switch scheme {
  case "dr_grpo": .centered
  case "grpo_temper", "grpo_trl": .standardized
  case "grpo_verl": .standardizedVerl
  case "batch_std": .batchStandardized
  case "rloo": .leaveOneOut
  default: nil
  }
}

/// Token rewards, their discounted returns, and those whitened: REINFORCE++.
private func compareReturns(_ entry: JSON) throws -> WorstError {
  let rows = try entry["token_rewards"].requireArray().map { flattened($0) }
  let offsets = rows.reduce(into: [0]) { $0.append($0.last! + $1.count) }
  let mask = flattened(entry["mask"]).map { UInt8($0 == 0 ? 0 : 1) }
  guard mask.count == offsets.last else {
    throw CheckError("\(entry.path).mask has \(mask.count) elements for \(offsets.last!) rewards")
  }
  let returns = AdvantageScheme.returns(
    rows.flatMap(\.self), offsets: offsets, mask: mask, discount: entry["gamma"].double ?? 1)
  var worst = WorstError()
  try worst.compare(returns, entry["returns"], .double, where: mask, at: "returns")
  let advantages = AdvantageScheme.whitened(returns, mask: mask)
  try worst.compare(advantages, entry["advantage"], .double, at: "advantage")
  return worst
}

func compareOverlong(_ rows: JSON) throws -> WorstError {
  var worst = WorstError()
  for (index, row) in try rows.requireArray().enumerated() {
    let shaping = try OverlongShaping(
      limit: row["max_len"].requireInt(), buffer: row["buffer"].requireInt(),
      factor: row["factor"].double ?? 1)
    let penalty = try shaping.penalty(length: row["length"].requireInt())
    worst.compare(penalty, row["penalty"].double, .double, at: "[\(index)].penalty")
  }
  return worst
}

func compareAdaptiveKL(_ block: JSON) throws -> WorstError {
  var controller = try AdaptiveKL(
    coefficient: block["init"].requireDouble(), target: block["target"].requireDouble(),
    horizon: block["horizon"].requireDouble())
  let sequences = try block["n_steps"].requireInt()
  var worst = WorstError()
  for (index, row) in try block["rows"].requireArray().enumerated() {
    try controller.update(kl: row["kl"].requireDouble(), sequences: sequences)
    worst.compare(
      controller.coefficient, row["coef_next"].double, .double, at: "rows[\(index)].coef_next")
  }
  return worst
}
