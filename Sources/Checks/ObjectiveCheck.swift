import Detectors
import EntropyControl
import Foundation
import JSON
import Objectives

/// Compares a file of expected objectives, advantages, schedules and controllers with what this
/// program computes: members of the GRPO family itself, the methods of plugins through them.
///
/// A method that nothing shipped computes is skipped with the reason, never agreed.
///
/// - Parameters:
///   - path: `objectives.json`, or a folder that holds it.
///   - makeIntervention: makes the plugin that owns a case, anew for each; `nil` where none of that
///     name is shipped.
///   - makeDetector: the same for detectors.
/// - Throws: ``CheckError`` if the file cannot be read or is not of the form.
public func checkObjectives(
  path: URL,
  makeIntervention: (_ name: String, _ configuration: JSONLiteral) throws -> (
    any EntropyIntervention
  )?,
  makeDetector:
    @escaping (_ name: String, _ configuration: JSONLiteral) throws -> (any Detector)? = {
      _, _ in nil
    }
) throws -> CheckReport {
  let file = try expectedValues(path, named: "objectives.json")
  let root = try JSON(contentsOf: file)
  guard root["cases"].kind == .array, root["batches"].kind == .object else {
    throw CheckError("\(file.path): 'batches' and 'cases' are needed, as in objectives.json")
  }
  return try withoutActuallyEscaping(makeIntervention) { make in
    let plugins = ShippedInterventions(make: make)
    var report = CheckReport(what: "objectives")
    try checkCases(root, plugins, &report)
    for entry in root["advantages"].array ?? [] { try checkAdvantages(entry, &report) }
    for (name, block) in root["schedules"].object ?? [] {
      try report.count("schedules.\(name)") { try compareSchedule(name, block, plugins) }
    }
    for (name, block) in root["controllers"].object ?? [] {
      try report.count("controllers.\(name)") { try compareController(name, block, plugins) }
    }
    if root.has("policy_cliff") {
      try report.count("policy_cliff") {
        try comparePolicyCliff(root["policy_cliff"], ShippedDetectors(make: makeDetector))
      }
    }
    return report
  }
}

private func checkCases(
  _ root: JSON, _ plugins: ShippedInterventions, _ report: inout CheckReport
) throws {
  var batches: [String: ObjectiveCheckBatch] = [:]
  for entry in try root["cases"].requireArray() {
    try report.count(try entry["name"].requireString()) {
      let owner = try ObjectiveOwner(of: entry)
      let objective = try PolicyObjective(entry)
      let key = try entry["batch"].requireString()
      let batch = try batches[key] ?? ObjectiveCheckBatch(root["batches"][key])
      batches[key] = batch
      return switch owner {
      case .core: try compare(entry, objective, batch: batch)
      case .plugin(let name): try compare(entry, objective, batch: batch, plugins, name)
      }
    }
  }
}

/// Who computes a case.
private enum ObjectiveOwner {
  case core
  case plugin(String)

  init(of entry: JSON) throws {
    guard let objective = entry["objective"].string else {
      throw SkippedCase("it names no objective")
    }
    switch objective {
    case "ppo_clip":
      self = entry["hyper"]["entropy_coef"].isNull ? .core : .plugin("entropy-bonus")
    case "gspo", "cispo", "sequence_ratio": self = .core
    case "entropy_mask": self = .plugin("high-entropy-tokens")
    case "steer", "lp_reg", "siren", "epo", "clip_cov", "kl_cov", "entropy_advantage":
      self = .plugin(objective.replacing("_", with: "-"))
    default: throw SkippedCase("no objective is called '\(objective)'")
    }
  }
}

private func compareSchedule(
  _ name: String, _ block: JSON, _ plugins: ShippedInterventions
) throws -> WorstError {
  switch name {
  case "overlong": try compareOverlong(block)
  case "epo_beta_code": try comparePhaseWeights(block, plugins)
  default: throw SkippedCase("no schedule is called '\(name)'")
  }
}

private func compareController(
  _ name: String, _ block: JSON, _ plugins: ShippedInterventions
) throws -> WorstError {
  switch name {
  case "adaptive_kl": try compareAdaptiveKL(block)
  case "adaptive_entropy_strict":
    try compareAdaptiveEntropy(block, inclusive: false, plugins)
  case "adaptive_entropy_inclusive":
    try compareAdaptiveEntropy(block, inclusive: true, plugins)
  default: throw SkippedCase("no controller is called '\(name)'")
  }
}

/// Why nothing here computes a case.
struct SkippedCase: Error {
  let why: String
  init(_ why: String) { self.why = why }
}

extension CheckReport {
  /// Counts a case by the worst of its comparisons, or skips it where `compare` says why, or where
  /// it asks for an objective that temper does not offer.
  fileprivate mutating func count(_ name: String, _ compare: () throws -> WorstError) throws {
    do {
      count(name, try compare())
    } catch let skipped as SkippedCase {
      skip(name, why: skipped.why)
    } catch let refused as ObjectiveError {
      skip(name, why: refused.description)
    }
  }
}
