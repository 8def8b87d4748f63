import EntropyControl
import Foundation

/// Whether an intervention that is saved and loaded goes on as if nothing had happened.
struct PluginMemory {
  let runs: [[PluginStep]]
  let make: (_ seed: UInt64) throws -> any EntropyIntervention

  func finding() throws -> PluginFinding {
    var findings: [(bytes: Int, isRemembered: Bool)] = []
    for steps in runs {
      let outcome = try Outcome(of: steps, make)
      if let why = outcome.difference { return .failed(why) }
      if let bytes = outcome.bytes { findings.append((bytes, outcome.isRemembered)) }
    }
    guard let bytes = findings.map(\.bytes).max() else {
      return .passed(note: "it remembers nothing, and saves nothing")
    }
    return .passed(
      note: findings.contains(where: \.isRemembered)
        ? "\(bytes) bytes; without them the steps come out differently"
        : "\(bytes) bytes, which made no difference")
  }
}

/// Some steps, a checkpoint, and the rest in a fresh instance.
private struct Outcome {
  /// Of the saved state; `nil` where none is saved.
  let bytes: Int?
  /// What comes out otherwise after a checkpoint.
  private(set) var difference: String?
  /// An instance that starts at the checkpoint with nothing comes to other steps.
  private(set) var isRemembered = false

  init(of steps: [PluginStep], _ make: (UInt64) throws -> any EntropyIntervention) throws {
    let pause = steps.count / 2
    let (whole, early) = (try PluginTrial(try make(0)), try PluginTrial(try make(0)))
    for step in steps[..<pause] {
      _ = try whole.outcome(step)
      _ = try early.outcome(step)
    }
    let state = try early.intervention.saveState()
    bytes = state?.count
    let (resumed, forgetful) = (try PluginTrial(try make(0)), try PluginTrial(try make(0)))
    if let state { try resumed.intervention.restoreState(state) }
    for step in steps[pause...] {
      let expected = try whole.outcome(step)
      if expected.difference(from: try forgetful.outcome(step)) != nil { isRemembered = true }
      guard let why = expected.difference(from: try resumed.outcome(step)) else { continue }
      let what =
        state == nil
        ? "it remembers earlier steps and saves no state (\"temper.state/1\")"
        : "the state that it saves is not all that it remembers"
      difference = "\(step.title), after a checkpoint at step \(pause): \(what): \(why)"
      return
    }
  }
}
