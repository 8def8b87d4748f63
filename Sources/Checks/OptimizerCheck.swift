import Foundation
import JSON
import Optimizers

/// Compares a file of optimizer trajectories with what this program computes, in double.
///
/// Each trajectory holds every tensor after every step; it agrees if the last step does within
/// 2e-5. What no shipped optimizer computes is skipped with the reason.
///
/// - Parameter path: `optimizers.json`, or a folder that holds it.
/// - Throws: ``CheckError`` if the file cannot be read or is not of the form.
public func checkOptimizers(path: URL) throws -> CheckReport {
  let file = try expectedValues(path, named: "optimizers.json")
  let root = try JSON(contentsOf: file)
  guard let trajectories = root["trajectories"].object, root["params"].kind == .object else {
    throw CheckError("\(file.path): 'params', 'grads' and 'trajectories' are needed")
  }
  var report = CheckReport(what: "optimizers")
  for (name, trajectory) in trajectories {
    if name == "adamw" {
      try report.count(
        "trajectories.\(name)",
        compareAdamW(trajectory, params: root["params"], grads: root["grads"]))
    } else {
      report.skip("trajectories.\(name)", why: "the optimizer '\(name)' is not implemented")
    }
  }
  let inputs = ["format_version", "precision", "params", "grads", "trajectories"]
  for (name, _) in root.object ?? [] where !inputs.contains(name) {
    report.skip(name, why: "'\(name)' is not implemented")
  }
  return report
}

private func compareAdamW(_ trajectory: JSON, params: JSON, grads: JSON) throws -> WorstError {
  let hyper = trajectory["hyper"]
  let configuration = try AdamW.Configuration(
    beta1: hyper["b1"].requireDouble(), beta2: hyper["b2"].requireDouble(),
    epsilon: hyper["eps"].requireDouble(), weightDecay: hyper["wd"].double ?? 0)
  let learningRate = try hyper["lr"].requireDouble()
  let gradients = try grads.requireArray()
  let expected = try trajectory["params_after_each_step"].requireArray()
  guard let last = expected.last, expected.count <= gradients.count else {
    throw CheckError("\(trajectory.path): \(expected.count) steps for \(gradients.count) gradients")
  }
  var worst = WorstError()
  for (name, initial) in try params.requireObject() {
    var value = flattened(initial)
    var first = [Double](repeating: 0, count: value.count)
    var second = first
    let isMatrix = initial.array?.first?.kind == .array
    for step in 1...expected.count {
      let rule = AdamWRule<Double>(
        configuration, learningRate: learningRate, decays: isMatrix, step: step)
      let gradient = flattened(gradients[step - 1][name])
      guard gradient.count == value.count else {
        throw CheckError("\(gradients[step - 1][name].path) does not fit \(initial.path)")
      }
      rule.apply(to: &value, first: &first, second: &second, gradient: gradient)
    }
    try worst.compare(value, last[name], .absolute(2e-5), at: name)
  }
  return worst
}
