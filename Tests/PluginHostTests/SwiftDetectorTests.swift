import CPluginABI
import Detectors
import Foundation
import Metrics
import TemperPlugin
import Testing
import Trajectories

@testable import PluginHost

/// Asks for everything, tells what it saw by metrics, and finds what its settings say.
private struct Witness: TemperPlugin.Detector {
  struct Configuration: PluginConfiguration {
    var finds = "none"
    var factor = 0.5
    var observed = 1
    var fails = false
  }
  struct State: PluginState { var looks = 0 }

  static let id = "org.example.witness"
  static let version = "1.0.0"
  static let summary = "Tells what it saw."

  let configuration: Configuration
  let host: TemperPlugin.Host
  var needs: TemperPlugin.DetectorNeeds {
    TemperPlugin.DetectorNeeds(
      [.rollout, .update], tokens: true, outcomes: true, norms: true, views: true,
      attention: true, logits: 4, logitChange: true, every: 7, rows: true,
      observed: configuration.observed, spike: 5000)
  }

  init(_ configuration: Configuration, host: TemperPlugin.Host) {
    (self.configuration, self.host) = (configuration, host)
  }

  func observe(_ row: Row, _ observed: inout Observed) {
    observed[0] = row.logprob
    observed.keep([Int32(row.token)])
  }

  func detect(
    _ seen: TemperPlugin.Observation, _ state: inout State
  ) throws -> TemperPlugin.Finding {
    state.looks += 1
    if configuration.fails { throw PluginError.invalidInput("no") }
    host.record("looks", Double(state.looks))
    host.record("clip", seen.clipNorm ?? -1)
    host.record("metric", seen.metric("policy/loss") ?? -1)
    host.record("metrics", Double(seen.metrics.count))
    if let tokens = seen.tokens {
      host.record("observed", Double(tokens.oldObserved(4)[0]))
      host.record("bytes", Double(tokens.oldBytes(4).loadUnaligned(as: Int32.self)))
    }
    if let outcomes = seen.outcomes {
      host.record("reward", outcomes.reward(0) ?? -1)
      host.record("failed", outcomes.verdict(1) == .failed && outcomes.reward(1) == nil ? 1 : 0)
      host.record("text", Double(outcomes.text(1).count))
      host.record("component", Double(outcomes.components[1].rewards[1]))
      host.record("cut", outcomes.isTruncated(1) ? 1 : 0)
    }
    for tensor in seen.tensors {
      host.record("count", Double(tensor.count))
      host.record("norms", tensor.weightNorm + 10 * tensor.updateNorm)
      host.record("weights", Double(tensor.weights![5] + 10 * tensor.previous![0]))
      host.record("gradient", tensor.gradient == nil ? 1 : 0)
    }
    for head in seen.heads { host.record("head", Double(head.layer) + head.entropy) }
    for row in seen.logits {
      host.record("row", Double(row.logits[1]) + 10 * Double(row.change![1]) + 100 * row.advantage)
    }
    switch configuration.finds {
    case "drop": return Finding(.dropSequences([false, true]), "dropped")
    case "shorten": return Finding(.shorten(factor: configuration.factor), "shortened")
    case "rate":
      return Finding(.scaleRate(factor: configuration.factor, steps: 9), isCritical: true)
    default: return .nothing
    }
  }
}

private func hosted(_ options: String = "") throws -> PluginDetector {
  let table = try #require(export(Witness.self)).assumingMemoryBound(to: temper_library.self)
  let loaded = try #require(PluginLibrary(table, path: "(test)").plugins.first)
  let request = try PluginRequest(parsing: "witness" + options)
  let instance = try PluginInstance(
    loaded, configuration: loaded.info.resolve(request), PluginSurroundings())
  return try PluginDetector(instance, loaded.info)
}

@Suite struct SwiftDetectorTests {
  private func rollout() -> Detectors.Observation {
    var seen = Detectors.Observation(.rollout, step: 3, totalSteps: 9)
    seen.metrics = ["policy/loss": 0.25, "reward/mean": 0.5]
    seen.clipNorm = 2
    seen.tokens = batch
    seen.coefficients = coefficients
    seen.observed = ObservedRows(
      width: 1, values: [0, 0, 0, 0, -1.5],
      bytes: (0..<5).map { id in withUnsafeBytes(of: Int32(id)) { Array($0) } })
    seen.outcomes = Detectors.Outcomes(
      groups: [0, 0], rewards: [0.5, nil], verdicts: [.right, .failed], truncated: [false, true],
      lengths: [3, 2], texts: ["six", "sevens"],
      components: [("a", [0, 0]), ("b", [0, 0.75])])
    return seen
  }

  @Test func needsReachTheHost() throws {
    let needs = try hosted().needs
    #expect(needs.events == [.rollout, .update] && needs.every == 7 && needs.rows == 4)
    #expect(needs.tokens && needs.outcomes && needs.norms && needs.views && needs.attention)
    #expect(needs.logits && needs.logitChange && needs.seesRows && needs.observed == 1)
    #expect(needs.spike == 5000)
  }

  @Test func aRolloutReachesTheValue() throws {
    let plugin = try hosted()
    #expect(try plugin.detect(rollout()) == .nothing)
    let metrics = plugin.takeMetrics()
    let expected: [(Metrics.MetricName, Double)] = [
      ("witness/clip", 2), ("witness/metric", 0.25), ("witness/metrics", 2),
      ("witness/observed", -1.5), ("witness/bytes", 4), ("witness/reward", 0.5),
      ("witness/failed", 1), ("witness/text", 6), ("witness/component", 0.75),
      ("witness/cut", 1), ("witness/looks", 1),
    ]
    for (name, value) in expected { #expect(metrics[name] == value, "\(name)") }
    #expect(metrics.count == expected.count)
  }

  @Test func tensorsHeadsAndRowsArePassedWhereTheyLie() throws {
    let plugin = try hosted()
    let (weights, previous): ([Float], [Float]) = ([0, 1, 2, 3, 4, 5], [7, 0, 0, 0, 0, 0])
    let (logits, change): ([Float], [Float]) = ([0, 3], [0, 0.5])
    try weights.withUnsafeBufferPointer { weights in
      try previous.withUnsafeBufferPointer { previous in
        try logits.withUnsafeBufferPointer { logits in
          try change.withUnsafeBufferPointer { change in
            var seen = Detectors.Observation(.update, step: 1, totalSteps: 9)
            var tensor = Detectors.TensorView(name: "w", shape: [2, 3])
            (tensor.weightNorm, tensor.updateNorm) = (4, 2)
            (tensor.weights, tensor.previous) = (weights, previous)
            var head = Detectors.AttentionHead(layer: 3, head: 1)
            head.entropy = 0.5
            (seen.tensors, seen.heads) = ([tensor], [head])
            seen.logits = [
              Detectors.LogitRow(token: 0, index: 2, advantage: -1, logits: logits, change: change)
            ]
            let found = try plugin.detect(seen)
            #expect(found == .nothing)
          }
        }
      }
    }
    let metrics = plugin.takeMetrics()
    #expect(metrics["witness/count"] == 6 && metrics["witness/norms"] == 24)
    #expect(metrics["witness/weights"] == 75 && metrics["witness/gradient"] == 1)
    #expect(metrics["witness/head"] == 3.5 && metrics["witness/row"] == 3 + 5 - 100)
    #expect(metrics["witness/clip"] == -1)
  }

  @Test func findingsComeBackWithTheirFigures() throws {
    let drop = try hosted(":finds=drop").detect(rollout())
    #expect(drop == Finding(.dropSequences([false, true]), reason: "dropped"))
    let rate = try hosted(":finds=rate,factor=0.25").detect(rollout())
    #expect(rate == Finding(.scaleRate(factor: 0.25, steps: 9), isCritical: true))
    #expect(throws: CallFailure.self) {
      try hosted(":finds=shorten,factor=1.5").detect(rollout())
    }
  }

  @Test func rowsAreNoted() throws {
    let plugin = try hosted()
    var floats: [Float] = [0]
    let kept = try withRow(token: 3, .old) { row in
      try floats.withUnsafeMutableBufferPointer { try plugin.observe(row, into: $0) }
    }
    #expect(kept == [3, 0, 0, 0])
  }

  @Test func stateIsSavedAndALookThatFailsIsNotRemembered() throws {
    let plugin = try hosted()
    _ = try plugin.detect(rollout())
    let saved = try #require(try plugin.saveState())
    #expect(String(decoding: saved, as: UTF8.self) == #"{"looks":1}"#)
    let resumed = try hosted(":fails=true")
    try resumed.restoreState(saved)
    #expect(throws: CallFailure.self) { try resumed.detect(rollout()) }
    #expect(try resumed.saveState() == saved)
  }

  @Test func notingLessThanNothingIsRefused() {
    #expect(
      throws: PluginHostError.notCreated(name: "witness", reason: "'needs.observed' is -1")
    ) { try hosted(":observed=-1") }
  }
}
