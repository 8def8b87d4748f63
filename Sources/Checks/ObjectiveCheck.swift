import Foundation
import JSON
import Objectives

/// Compares a file of expected objectives, advantages, schedules and controllers with what this
/// program computes.
///
/// A method that nothing shipped computes is skipped with the reason, never agreed.
///
/// - Parameter path: `objectives.json`, or a folder that holds it.
/// - Throws: ``CheckError`` if the file cannot be read or is not of the form.
public func checkObjectives(path: URL) throws -> CheckReport {
  let file = try expectedValues(path, named: "objectives.json")
  let root = try JSON(contentsOf: file)
  guard root["cases"].kind == .array, root["batches"].kind == .object else {
    throw CheckError("\(file.path): 'batches' and 'cases' are needed, as in objectives.json")
  }
  var report = CheckReport(what: "objectives")
  var batches: [String: ObjectiveCheckBatch] = [:]
  for entry in try root["cases"].requireArray() {
    let name = try entry["name"].requireString()
    if let why = reasonToSkip(entry) {
      report.skip(name, why: why)
      continue
    }
    let objective: PolicyObjective
    do {
      objective = try PolicyObjective(hyper: entry["hyper"])
    } catch {
      report.skip(name, why: error.description)
      continue
    }
    let key = try entry["batch"].requireString()
    let batch = try batches[key] ?? ObjectiveCheckBatch(root["batches"][key])
    batches[key] = batch
    try report.count(name, compare(entry, objective, batch: batch))
  }
  for entry in root["advantages"].array ?? [] { try checkAdvantages(entry, &report) }
  for (name, block) in root["schedules"].object ?? [] {
    if name == "overlong" {
      try report.count("schedules.\(name)", compareOverlong(block))
    } else {
      report.skip("schedules.\(name)", why: notShipped(owner: "epo"))
    }
  }
  for (name, block) in root["controllers"].object ?? [] {
    if name == "adaptive_kl" {
      try report.count("controllers.\(name)", compareAdaptiveKL(block))
    } else {
      report.skip("controllers.\(name)", why: notShipped(owner: "adaptive-entropy"))
    }
  }
  if root.has("policy_cliff") {
    report.skip("policy_cliff", why: "the 'reward' detector measures it, which is not shipped")
  }
  return report
}

/// Why nothing here computes a case, or `nil`.
private func reasonToSkip(_ entry: JSON) -> String? {
  guard let objective = entry["objective"].string else { return "it names no objective" }
  let hyper = entry["hyper"]
  switch objective {
  case "ppo_clip":
    if !hyper["entropy_coef"].isNull { return notShipped(owner: "entropy-bonus") }
    if !hyper["delta"].isNull { return "the two-sided bound 'delta' is not implemented" }
    if !hyper["is_mode"].isNull { return "mismatch weights ('is_mode') are not implemented" }
    return nil
  case "gspo", "cispo", "sequence_ratio": return "'\(objective)' is not implemented"
  case "entropy_mask": return notShipped(owner: "high-entropy-tokens")
  case "steer", "lp_reg", "siren", "epo", "clip_cov", "kl_cov", "entropy_advantage":
    return notShipped(owner: objective.replacing("_", with: "-"))
  default: return "no objective is called '\(objective)'"
  }
}

private func notShipped(owner: String) -> String {
  "the plugin '\(owner)' owns it, which is not shipped"
}

/// A scheme of an entry of `advantages`, or the whole entry where it has no schemes.
private func checkAdvantages(_ entry: JSON, _ report: inout CheckReport) throws {
  let name = try entry["name"].requireString()
  guard let schemes = entry["schemes"].object else {
    report.skip(name, why: "'\(name)' is not implemented")
    return
  }
  let groups = try entry["groups"].requireArray().map { try $0.requireInt() }
  let rewards = try entry["rewards"].requireArray().map(\.double)
  guard groups.count == rewards.count else {
    throw CheckError("\(entry.path): \(groups.count) 'groups' for \(rewards.count) 'rewards'")
  }
  for (scheme, block) in schemes {
    let estimator: AdvantageEstimator
    switch scheme {
    case "dr_grpo": estimator = .centered
    case "grpo_temper", "grpo_trl": estimator = .standardized
    case "grpo_verl": estimator = .standardizedVerl
    case "batch_std": estimator = .batchStandardized
    default:
      report.skip("\(name).\(scheme)", why: "the advantage scheme '\(scheme)' is not implemented")
      continue
    }
    // Rows of a group need not stand together.
    var members: [Int: [Int]] = [:]
    for (row, group) in groups.enumerated() { members[group, default: []].append(row) }
    let order = members.sorted { $0.key < $1.key }.map(\.value)
    let advantages = estimator.advantages(
      of: order.map { $0.map { rewards[$0] } }, epsilon: block["eps"].double)
    var found = [Double](repeating: 0, count: rewards.count)
    for (row, advantage) in zip(order.joined(), advantages.joined()) { found[row] = advantage }
    var worst = WorstError()
    try worst.compare(found, block["advantage"], .double, at: "advantage")
    report.count("\(name).\(scheme)", worst)
  }
}

private func compareOverlong(_ rows: JSON) throws -> WorstError {
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

private func compareAdaptiveKL(_ block: JSON) throws -> WorstError {
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
