import Detectors
import JSON
import Metrics
import Synchronization
import Trajectories

/// A detector to be checked, however it is made.
public struct DetectorSubject {
  public let name: String
  let describe: () throws -> String
  let defaults: JSONLiteral
  let configuration: JSONLiteral
  let make: (_ configuration: JSONLiteral, _ seed: UInt64) throws -> any Detector

  /// - Parameters:
  ///   - describe: what a scan of the library says of the plugin, anew at each call.
  ///   - defaults: an object, every key with its default.
  ///   - configuration: the keys that the checks are done with, over the defaults.
  ///   - make: a fresh instance; throws where it refuses the keys.
  public init(
    name: String, describe: @escaping () throws -> String, defaults: JSONLiteral = .object([]),
    configuration: JSONLiteral = .object([]),
    make: @escaping (_ configuration: JSONLiteral, _ seed: UInt64) throws -> any Detector
  ) {
    (self.name, self.describe, self.defaults) = (name, describe, defaults)
    (self.configuration, self.make) = (configuration, make)
  }
}

/// Holds a detector against its contract: that it finds the same whenever it sees the same, needs
/// no more than it asks for, and answers whatever a run comes to.
///
/// - Parameters:
///   - report: of the plugins checked before.
///   - say: takes a line as soon as there is one.
public func checkDetector(
  _ subject: DetectorSubject, into report: CheckReport = CheckReport(what: "plugin"),
  say: @escaping (String) -> Void = { _ in }
) -> CheckReport {
  var run = PluginCheckRun(plugin: subject.name, into: report, say: say)
  let configurations = PluginConfigurations(
    describe: subject.describe, defaults: subject.defaults, configuration: subject.configuration,
    make: { _ = try subject.make($0, 0) })
  guard configurations.check(&run) else { return run.finished() }
  let trial = DetectorTrial { try subject.make(subject.configuration, 0) }
  run.check("same-again", "the same looks give the same findings and metrics") {
    try trial.repeats()
  }
  run.check("state", "saved and loaded, it goes on as if nothing had happened") {
    try trial.remembers()
  }
  run.check("needs", "what it asks for is enough: the rest is never looked at") {
    try trial.asksForAll()
  }
  run.check("mask", "nothing of a masked token matters") { try trial.keepsToTheMask() }
  run.check("findings", "a finding has figures in range and a reason, and metrics are finite") {
    try trial.findsWellFormed()
  }
  run.check("empty", "looks at nothing pass") { try trial.takes([.empty, .failed, .oneToken]) }
  run.check("not-finite", "numbers that are not finite pass, and give none in metrics") {
    try trial.takes([.notANumber, .infinite, .huge])
  }
  run.check("threads", "rows are noted alike on eight threads at once") { try trial.threads() }
  return run.finished()
}

/// One detector and the looks that it is shown.
private struct DetectorTrial {
  let make: () throws -> any Detector

  /// What one look came to.
  private struct Outcome: Equatable {
    var finding: Finding
    var metrics: StepMetrics

    /// Says where another differs.
    func difference(from other: Outcome) -> String? {
      if finding != other.finding {
        return "it found \(finding.words) and then \(other.finding.words)"
      }
      for (name, value) in metrics
      where other.metrics[name].map({ $0 != value && !($0.isNaN && value.isNaN) }) ?? true {
        return "\(name) is \(value) and then \(other.metrics[name].map { "\($0)" } ?? "not there")"
      }
      guard metrics.count == other.metrics.count else {
        return "there are \(metrics.count) metrics and then \(other.metrics.count)"
      }
      return nil
    }
  }

  /// Shows one look of those that are asked for; `nil` where it is none.
  private func look(
    _ look: DetectorLook, _ detector: any Detector, trimmed: Bool = true
  ) throws -> Outcome? {
    guard detector.needs.events.contains(look.event) else { return nil }
    return try look.withObservation(for: detector, trimmed: trimmed) { seen in
      let finding = try detector.detect(seen)
      return Outcome(finding: finding, metrics: detector.takeMetrics())
    }
  }

  private func compare(
    _ looks: [DetectorLook], _ a: any Detector, _ b: any Detector, trimmed: Bool = true
  ) throws -> String? {
    for seen in looks {
      guard let first = try look(seen, a), let second = try look(seen, b, trimmed: trimmed) else {
        continue
      }
      if let why = first.difference(from: second) { return "\(seen.title): \(why)" }
    }
    return nil
  }

  func repeats() throws -> PluginFinding {
    let (a, b) = (try make(), try make())
    if let why = try compare(DetectorLook.run(seed: 1), a, b) { return .failed(why) }
    return .passed()
  }

  func remembers() throws -> PluginFinding {
    var bytes: Int?
    var isRemembered = false
    for seed: UInt64 in [1, 2] {
      let looks = DetectorLook.run(seed: seed)
      let pause = looks.count / 2
      let (whole, resumed, forgetful) = (try make(), try make(), try make())
      for seen in looks[..<pause] { _ = try look(seen, whole) }
      let state = try whole.saveState()
      bytes = state?.count
      if let state { try resumed.restoreState(state) }
      for seen in looks[pause...] {
        guard let expected = try look(seen, whole), let found = try look(seen, resumed),
          let other = try look(seen, forgetful)
        else { continue }
        if expected != other { isRemembered = true }
        if let why = expected.difference(from: found) {
          let what =
            state == nil
            ? "it remembers earlier looks and saves no state (\"temper.state/1\")"
            : "the state that it saves is not all that it remembers"
          return .failed("\(seen.title), after a checkpoint: \(what): \(why)")
        }
      }
    }
    guard let bytes else { return .passed(note: "it remembers nothing, and saves nothing") }
    return .passed(
      note: isRemembered
        ? "\(bytes) bytes; without them it finds otherwise"
        : "\(bytes) bytes, which made no difference")
  }

  func asksForAll() throws -> PluginFinding {
    let (a, b) = (try make(), try make())
    let looks = DetectorLook.run(seed: 3)
    if let why = try compare(looks, a, b, trimmed: false) {
      return .failed("\(why), once it is shown what it did not ask for")
    }
    return .passed()
  }

  func keepsToTheMask() throws -> PluginFinding {
    let (a, b) = (try make(), try make())
    for seen in DetectorLook.run(seed: 4) {
      guard let first = try look(seen, a), let second = try look(seen.withMaskedNoise, b) else {
        continue
      }
      if let why = first.difference(from: second) { return .failed("\(seen.title): \(why)") }
    }
    return .passed()
  }

  func findsWellFormed() throws -> PluginFinding {
    var kinds: Set<DetectorAction.Kind> = []
    for seed: UInt64 in 5...7 {
      let detector = try make()
      for seen in DetectorLook.run(seed: seed) + DetectorLook.trouble(seed: seed) {
        guard let outcome = try look(seen, detector) else { continue }
        if let why = Self.fault(outcome, seen) { return .failed("\(seen.title): \(why)") }
        kinds.insert(outcome.finding.action.kind)
      }
    }
    return .passed(
      note: "found: " + kinds.subtracting([.none]).sorted().map(\.rawValue).joined(separator: ", "))
  }

  func takes(_ kinds: [DetectorLook.Oddity]) throws -> PluginFinding {
    for kind in kinds {
      // First in a run, and with something to remember.
      for earlier in [[], DetectorLook.run(seed: 8)] {
        let detector = try make()
        for seen in earlier { _ = try look(seen, detector) }
        for seen in DetectorLook.odd(kind) + DetectorLook.run(seed: 9).prefix(12) {
          guard let outcome = try look(seen, detector) else { continue }
          if let why = Self.fault(outcome, seen) {
            return .failed("\(kind.rawValue), \(seen.title): \(why)")
          }
        }
      }
    }
    return .passed()
  }

  func threads() throws -> PluginFinding {
    let detector = try make()
    guard detector.needs.seesRows else { return .skipped("it sees no rows") }
    let expected = try DetectorLook.run(seed: 10)[0].noted(by: detector)
    let failures = Mutex<[String]>([])
    onThreads(8) { _ in
      do {
        let look = DetectorLook.run(seed: 10)[0]
        for _ in 0..<10 where try look.noted(by: detector) != expected {
          failures.withLock { $0.append("it notes other things of the same rows") }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    return failures.withLock(\.first).map { .failed($0) } ?? .passed()
  }

  private static func fault(_ outcome: Outcome, _ look: DetectorLook) -> String? {
    for (name, value) in outcome.metrics where !value.isFinite { return "\(name) is \(value)" }
    let finding = outcome.finding
    if finding.action != .none, finding.reason.isEmpty {
      return "it finds \(finding.words) without a reason"
    }
    if finding.reason.contains(" nan") { return "its reason has no number: \(finding.reason)" }
    switch finding.action {
    case .scaleRate(let factor, let steps) where !(0...1).contains(factor) || steps < 1:
      return "it scales the learning rate by \(factor) over \(steps) steps"
    case .shorten(let factor) where look.event != .update || !(0...1).contains(factor):
      return "it shortens by \(factor) at \(look.event)"
    case .dropSequences(let dropped)
    where look.event != .rollout || dropped.count != look.sequenceCount:
      return "it drops sequences of \(dropped.count) at \(look.event)"
    case .skipStep where look.event != .gradients && look.event != .update:
      return "it skips the step at \(look.event), when it is done"
    default: return nil
    }
  }
}

extension Finding {
  fileprivate var words: String {
    action == .none ? "nothing" : "\(action.kind.rawValue) (\(reason))"
  }
}
