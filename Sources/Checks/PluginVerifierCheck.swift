import Foundation
import JSON
import Synchronization
import Trajectories
import Verifiers

/// A verifier to be checked, however it is made.
public struct VerifierSubject {
  public let name: String
  let describe: () throws -> String
  let defaults: JSONLiteral
  let configuration: JSONLiteral
  let make: (_ configuration: JSONLiteral) throws -> any Verifier

  /// - Parameters:
  ///   - describe: what a scan of the library says of the plugin, anew at each call.
  ///   - defaults: an object, every key with its default.
  ///   - configuration: the keys that the checks are done with, over the defaults.
  ///   - make: a fresh instance; throws where it refuses the keys.
  public init(
    name: String, describe: @escaping () throws -> String, defaults: JSONLiteral = .object([]),
    configuration: JSONLiteral = .object([]),
    make: @escaping (_ configuration: JSONLiteral) throws -> any Verifier
  ) {
    (self.name, self.describe, self.defaults) = (name, describe, defaults)
    (self.configuration, self.make) = (configuration, make)
  }
}

/// Holds a verifier against its contract: what it accepts, that it answers whatever a model
/// writes, and that a verdict depends on its sample alone.
///
/// - Parameters:
///   - report: of the plugins checked before.
///   - say: takes a line as soon as there is one.
public func checkVerifier(
  _ subject: VerifierSubject, into report: CheckReport = CheckReport(what: "plugin"),
  say: @escaping (String) -> Void = { _ in }
) -> CheckReport {
  var run = PluginCheckRun(plugin: subject.name, into: report, say: say)
  let configurations = PluginConfigurations(
    describe: subject.describe, defaults: subject.defaults, configuration: subject.configuration,
    make: { _ = try subject.make($0) })
  guard configurations.check(&run) else { return run.finished() }
  let trial = VerifierTrial(make: { try subject.make(subject.configuration) })
  run.check("empty-completion", "an empty completion gets a verdict") {
    try trial.verdict(on: [""])
  }
  run.check("long-completion", "a completion of a megabyte gets a verdict, soon") {
    try trial.longCompletions()
  }
  run.check("invalid-utf8", "bytes that are no UTF-8, as the host decodes them, get a verdict") {
    try trial.verdict(on: VerifierTrial.brokenTexts)
  }
  run.check("batch", "a sample gets one verdict, alone and among any others") {
    try trial.batches()
  }
  run.check("threads", "eight threads at once get the same verdicts") { try trial.threads() }
  return run.finished()
}

/// Samples that need no knowledge of the task: what is held against what is another call's verdict.
private struct VerifierTrial {
  let make: () throws -> any Verifier

  static let brokenTexts = [
    [0xFF, 0xFE, 0x34, 0x32], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0x34, 0x00, 0x32],
  ].map { String(decoding: $0 as [UInt8], as: UTF8.self) }

  static let texts =
    [
      "", "42", "the answer is 42", "-1,234.5", "\\boxed{42}", "\\boxed{\\frac{1}{2}}",
      "\\boxed{", "<answer>42</answer>", "<answer>(1 + 2) * 3</answer>", "42 43", "no number",
      "1e999", "#### 42", "\u{0}", "日本語 ４２", "\n\n\n",
    ] + brokenTexts

  /// A row with the keys that tasks commonly have.
  private static let row =
    #"{"id":"1","problem":"6 * 7","prompt":"6 * 7","answer":"42","numbers":[6,7],"target":42}"#

  static func samples(_ texts: [String]) -> [VerifierSample] {
    texts.map {
      VerifierSample(row: row, prompt: "6 * 7 = ", completion: $0, tokens: [1, 2, 3])
    }
  }

  static func fault(_ judgement: Judgement, _ sample: VerifierSample) -> String? {
    guard let reward = judgement.reward, !reward.isFinite else { return nil }
    return "the reward of '\(sample.completion.prefix(40))' is \(reward)"
  }

  /// The same verdict in two instances; the note names it.
  func verdict(on texts: [String]) throws -> PluginFinding {
    let samples = Self.samples(texts)
    let (first, second) = (try make().judge(samples), try make().judge(samples))
    for (index, sample) in samples.enumerated() {
      if let why = Self.fault(first[index], sample) { return .failed(why) }
      guard first[index] == second[index] else {
        return .failed(Self.differ(sample, first[index], second[index]))
      }
    }
    let names = Set(first.map(\.verdict.rawValue)).sorted().joined(separator: ", ")
    return .passed(note: names)
  }

  func longCompletions() throws -> PluginFinding {
    let verifier = try make()
    let million = 1 << 20
    var slowest = 0.0
    for text in [
      String(repeating: "a", count: million), String(repeating: "9", count: million),
      String(repeating: "(", count: million), String(repeating: "\\boxed{", count: million / 7),
      String(repeating: "1+", count: million / 2),
    ] {
      let samples = Self.samples([text])
      let begin = ContinuousClock.now
      let judgement = verifier.judge(samples)[0]
      slowest = max(slowest, (.now - begin) / .seconds(1))
      if let why = Self.fault(judgement, samples[0]) { return .failed(why) }
      guard slowest < 10 else {
        return .failed("'\(text.prefix(8))...' takes \(FiniteDifferences.short(slowest)) s")
      }
    }
    return .passed(note: "at most \(FiniteDifferences.short(slowest)) s")
  }

  func batches() throws -> PluginFinding {
    let verifier = try make()
    let samples = Self.samples(Self.texts)
    let together = verifier.judge(samples)
    let backwards = Array(verifier.judge(samples.reversed()).reversed())
    for (index, sample) in samples.enumerated() {
      let alone = verifier.judge([sample])[0]
      for other in [alone, backwards[index]] where other != together[index] {
        return .failed(Self.differ(sample, together[index], other))
      }
    }
    return .passed()
  }

  func threads() throws -> PluginFinding {
    let verifier = try make()
    let samples = Self.samples(Self.texts)
    let expected = verifier.judge(samples)
    let failures = Mutex<[String]>([])
    onThreads(8) { _ in
      for _ in 0..<20 {
        let found = verifier.judge(samples)
        for index in samples.indices where found[index] != expected[index] {
          let why = Self.differ(samples[index], expected[index], found[index])
          failures.withLock { $0.append(why) }
        }
      }
    }
    return failures.withLock { $0.first }.map { .failed($0) } ?? .passed()
  }

  private static func differ(
    _ sample: VerifierSample, _ a: Judgement, _ b: Judgement
  ) -> String {
    """
    '\(sample.completion.prefix(40))' is \(a.verdict.rawValue) (\(a.reason)) and then \
    \(b.verdict.rawValue) (\(b.reason))
    """
  }
}
