import EntropyControl
import Foundation

/// Whether an intervention that is saved and loaded goes on as if nothing had happened.
struct PluginMemory {
  let runs: [[PluginStep]]
  let make: (_ seed: UInt64) throws -> any EntropyIntervention

  func finding() throws -> PluginFinding {
    var note = ""
    for steps in runs {
      switch try finding(steps) {
      case .passed(_, let more): note = more
      case let other: return other
      }
    }
    return .passed(note: note)
  }

  /// Some steps, a checkpoint, and the rest in a fresh instance.
  private func finding(_ steps: [PluginStep]) throws -> PluginFinding {
    let pause = steps.count / 2
    let whole = try PluginTrial(try make(0))
    let early = try PluginTrial(try make(0))
    for step in steps[..<pause] {
      _ = try whole.outcome(step)
      _ = try early.outcome(step)
    }
    let state = try early.intervention.saveState()
    let resumed = try PluginTrial(try make(0))
    let forgetful = try PluginTrial(try make(0))
    if let state { try resumed.intervention.restoreState(state) }

    var isRemembered = false
    for step in steps[pause...] {
      let expected = try whole.outcome(step)
      if expected.difference(from: try forgetful.outcome(step)) != nil { isRemembered = true }
      guard let why = expected.difference(from: try resumed.outcome(step)) else { continue }
      let what =
        state == nil
        ? "it remembers earlier steps and saves no state (\"temper.state/1\")"
        : "the state that it saves is not all that it remembers"
      return .failed("\(step.title), after a checkpoint at step \(pause): \(what): \(why)")
    }
    guard let state else { return .passed(note: "it remembers nothing, and saves nothing") }
    return .passed(
      note: isRemembered
        ? "\(state.count) bytes; without them the steps come out differently"
        : "\(state.count) bytes, which made no difference in \(steps.count) steps")
  }
}
