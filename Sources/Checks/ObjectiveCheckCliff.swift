import Detectors
import Foundation
import JSON
import Trajectories

/// The policy cliff's figures, group by group, as the detector `reward` records them.
func comparePolicyCliff(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let rewards = try numbers(block["rewards"])
  let groups = try numbers(block["groups"], count: rewards.count).map { Int($0) }
  let detector = try plugins(
    "reward", ["temperature": .double(try block["temperature"].requireDouble())])
  var worst = WorstError()
  for (index, row) in try block["rows"].requireArray().enumerated() {
    let group = try row["group"].requireInt()
    let own = rewards.indices.filter { groups[$0] == group }.map { Float(rewards[$0]) }
    try detector.look(.rollout) { seen in
      seen.outcomes = Outcomes(
        groups: own.map { _ in 0 }, rewards: own,
        verdicts: own.map { $0 > 0 ? .right : .wrong }, truncated: own.map { _ in false },
        lengths: own.map { _ in 1 }, texts: own.map { "\($0)" })
    }
    let place = "rows[\(index)]"
    worst.compare(Double(own.count), row["n"].double, .exact, at: "\(place).n")
    worst.compare(
      detector["tied_optimal"], row["tied_optimal"].double, .exact, at: "\(place).tied_optimal")
    worst.compare(detector["gap"], row["gap"].double, .narrow, at: "\(place).gap")
    worst.compare(
      detector["tie_rate_all"], row["all_tied"].bool.map { $0 ? 1 : 0 }, .exact,
      at: "\(place).all_tied")
    worst.compare(
      detector["lipschitz"], row["lipschitz_bound_per_unit_reward"].double, .narrow,
      at: "\(place).lipschitz_bound_per_unit_reward")
    // The soft policy as what it gives to the best, and by its entropy.
    guard !row["soft_policy"].isNull else { continue }
    let soft = try numbers(row["soft_policy"], count: own.count)
    let best = zip(own, soft).filter { $0.0 >= own.max()! - 1e-9 }.map(\.1).reduce(0, +)
    worst.compare(detector["soft_optimal"], best, .narrow, at: "\(place).soft_policy of the best")
    worst.compare(
      detector["soft_entropy"], soft.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }, .narrow,
      at: "entropy of \(place).soft_policy")
  }
  return worst
}
