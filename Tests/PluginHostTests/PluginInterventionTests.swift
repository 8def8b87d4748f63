import EntropyControl
import Foundation
import JSON
import Metrics
import Synchronization
import Testing
import Trajectories

@testable import PluginHost

/// Two sequences of three and two tokens, every column of its own.
let batch: TokenBatch = {
  var batch = TokenBatch(prompts: [[1], [2]], completions: [[5, 6, 7], [8, 9]])
  func column(_ start: Float) -> [Float] { (0..<5).map { start + Float($0) / 8 } }
  batch.groups = [3, 4]
  batch.turns = [0, 0, 1, 0, 1]
  batch.mask = [1, 1, 0, 1, 1]
  batch.advantages = column(1)
  batch.logprobs = column(-2)
  batch.oldLogprobs = column(-3)
  batch.behaviourLogprobs = column(-4)
  batch.referenceLogprobs = column(-5)
  batch.entropies = column(6)
  batch.oldEntropies = column(7)
  return batch
}()

let coefficients: [Float] = [0.5, 0.25, 0, 0.125, 0.75]

func observedRows(_ second: Float) -> ObservedRows {
  ObservedRows(
    width: 2, values: (0..<5).flatMap { [Float(0), second + Float($0)] },
    bytes: (0..<5).map { $0 == 2 ? [] : [UInt8(65 + $0), 0] })
}

let position = {
  var step = StepPosition(step: 4, totalSteps: 40, rollout: 2, update: 1)
  step.temperature = 0.75
  step.clipLow = 0.125
  return step
}()

let observed = ObservedMoments(old: observedRows(20), current: observedRows(30))

func withRow<Result>(
  token: Int32 = 1, _ moment: LogprobRow.Moment = .current, _ body: (LogprobRow) throws -> Result
) rethrows -> Result {
  try [Float(-1), -2, -3, -4].withUnsafeBufferPointer {
    try body(
      LogprobRow(moment: moment, token: token, logprob: -0.5, entropy: 0.25, logprobs: $0))
  }
}

@Suite(.enabled(if: CFixture.isPossible, CFixture.absence)) struct PluginInterventionTests {
  private func withProbe(
    macros: [String] = [], _ surroundings: PluginSurroundings = PluginSurroundings { _, _, _ in },
    _ body: (any EntropyIntervention) throws -> Void
  ) throws {
    try withFolder { folder in
      let path = try CFixture.library("entropy_probe", macros: macros, in: folder)
      try body(shipped.intervention(PluginRequest(name: path), surroundings).intervention)
    }
  }

  private func prepared(
    _ probe: any EntropyIntervention, _ step: StepPosition = position
  ) throws -> (batch: TokenBatch, shaping: Shaping, wanted: [Bool]) {
    var batch = batch
    var shaping = Shaping(count: 5, clipLow: 0.2, clipHigh: 0.28, entropyCoefficient: 0.5)
    let wanted = try probe.prepare(
      step, &batch, &shaping, coefficients: coefficients, observed: observed)
    return (batch, shaping, wanted)
  }

  @Test func prepareSeesEveryColumnAndWhatWasObserved() throws {
    try withProbe { probe in
      _ = try prepared(probe)
      let columns = Dictionary(
        uniqueKeysWithValues: probe.takeColumns().map { ($0.name, $0.values) })
      #expect(columns.count == 16)
      #expect(columns["entropy-probe/tokens"] == [5, 6, 7, 8, 9])
      #expect(columns["entropy-probe/turns"] == [0, 0, 1, 0, 1])
      #expect(columns["entropy-probe/mask"] == [1, 1, 0, 1, 1])
      #expect(columns["entropy-probe/advantages"] == batch.advantages)
      #expect(columns["entropy-probe/coefficients"] == coefficients)
      #expect(columns["entropy-probe/logprobs"] == batch.logprobs)
      #expect(columns["entropy-probe/old_logprobs"] == batch.oldLogprobs)
      #expect(columns["entropy-probe/behaviour_logprobs"] == batch.behaviourLogprobs)
      #expect(columns["entropy-probe/reference_logprobs"] == batch.referenceLogprobs)
      #expect(columns["entropy-probe/entropies"] == batch.entropies)
      #expect(columns["entropy-probe/old_entropies"] == batch.oldEntropies)
      #expect(columns["entropy-probe/observed"] == [30, 31, 32, 33, 34])
      #expect(columns["entropy-probe/old_observed"] == [20, 21, 22, 23, 24])
      #expect(columns["entropy-probe/old_bytes"] == [65, 66, 0, 68, 69])
      #expect(columns["entropy-probe/sequences"] == [3, 3, 3, 14, 14])
      #expect(columns["entropy-probe/step"] == [4, 40, 2, 1, 0.75])
      #expect(probe.takeColumns().isEmpty)
    }
  }

  @Test func whatPrepareChangesComesBack() throws {
    try withProbe { probe in
      var explicit = position
      explicit.clipIsExplicit = true
      #expect(try prepared(probe, explicit).shaping.clipHigh == Array(repeating: 0.28, count: 5))
      let after = try prepared(probe)
      #expect(after.batch.mask == [1, 1, 0, 1, 0])
      #expect(after.batch.advantages == batch.advantages)
      #expect(after.shaping.weights == [1, 2, 3, 4, 5])
      #expect(after.shaping.clipLow == Array(repeating: 0.2, count: 5))
      #expect(after.shaping.clipHigh == Array(repeating: 0.5, count: 5))
      #expect(after.shaping.dualClip == Array(repeating: .infinity, count: 5))
      #expect(after.shaping.entropyCoefficient == 0.75 && after.shaping.klCoefficient == 0.125)
      #expect(after.shaping.scalarLoss == 1)
      #expect(after.wanted == [false, true, false, false, false])
    }
  }

  @Test func aCallThatFailsGivesItsReasonAndChangesNothing() throws {
    try withProbe { probe in
      var step = position
      step.step = 13
      var batch = batch
      var shaping = Shaping(count: 5, clipLow: 0.2, clipHigh: 0.28)
      let reason = "prepare fell over"
      #expect(throws: CallFailure(reason)) {
        try probe.prepare(
          step, &batch, &shaping, coefficients: coefficients, observed: observed)
      }
      #expect(shaping == Shaping(count: 5, clipLow: 0.2, clipHigh: 0.28))
      #expect(throws: CallFailure("evaluate fell over")) {
        try probe.evaluate(batch, first: 13, coefficients: coefficients, observed: observed)
      }
      #expect(throws: CallFailure("observe fell over")) {
        try withRow(token: 9) { row in
          var floats: [Float] = [0, 0]
          _ = try floats.withUnsafeMutableBufferPointer { try probe.observe(row, into: $0) }
        }
      }
      #expect(throws: CallFailure("differentiate fell over")) {
        try withRow { row in
          var gradient = [Float](repeating: 0, count: 4)
          _ = try gradient.withUnsafeMutableBufferPointer {
            try probe.differentiate(row, token: 13, coefficient: 1, bytes: [], into: $0)
          }
        }
      }
    }
  }

  @Test func rowsAreObservedAndBytesOfOldOnesKept() throws {
    try withProbe { probe in
      #expect(probe.needs.oldRows && probe.needs.currentRows && !probe.needs.reference)
      #expect(probe.needs.observed == 2 && probe.needs.stage == .masks)
      var floats: [Float] = [0, 0]
      let bytes = try withRow(.old) { row in
        try floats.withUnsafeMutableBufferPointer { try probe.observe(row, into: $0) }
      }
      #expect(floats == [-0.25, 1] && bytes == Array("abc".utf8))
      let none = try withRow { row in
        try floats.withUnsafeMutableBufferPointer { try probe.observe(row, into: $0) }
      }
      #expect(floats == [-0.25, 2] && none.isEmpty)
    }
    try withProbe(macros: ["KEPT=4097"]) { probe in
      #expect(throws: CallFailure("it keeps 4097 bytes of a row, of 4096 at most")) {
        try withRow(.old) { row in
          var floats: [Float] = [0, 0]
          _ = try floats.withUnsafeMutableBufferPointer { try probe.observe(row, into: $0) }
        }
      }
    }
  }

  @Test func additionsAndRowGradientsComeBack() throws {
    try withProbe { probe in
      let added = try probe.evaluate(
        batch, first: 2, coefficients: coefficients, observed: observed)
      #expect(added.phi == batch.entropies)
      #expect(added.dLogprob == [2, 3, 4, 5, 6] && added.dEntropy == coefficients)
      var gradient: [Float] = [1, 1, 1, 1]
      let loss = try withRow { row in
        try gradient.withUnsafeMutableBufferPointer {
          try probe.differentiate(row, token: 3, coefficient: 0.5, bytes: [1, 2], into: $0)
        }
      }
      #expect(loss == 302.5 && gradient == [1, 2, 1, 0])
      #expect(probe.takeMetrics() == ["entropy-probe/oddname": 1, "entropy-probe/tokens": 5])
    }
  }

  @Test func stateIsSavedWholeAndRestored() throws {
    try withProbe { probe in
      _ = try prepared(probe)
      let saved = try #require(try probe.saveState())
      #expect(saved.count == 100_008)
      _ = try prepared(probe)
      #expect(try prepared(probe).shaping.scalarLoss == 2)
      try probe.restoreState(saved)
      #expect(try prepared(probe).shaping.scalarLoss == 1)
      #expect(throws: CallFailure("load fell over")) { try probe.restoreState(Data([1])) }
    }
    try withProbe(macros: ["NO_STATE"]) { probe in
      let saved = try probe.saveState()
      #expect(saved == nil)
      #expect(
        throws: CallFailure(
          "there is a saved state, and this version of the plugin remembers nothing")
      ) { try probe.restoreState(Data()) }
    }
  }

  @Test func aColumnThatDoesNotFitTheStepIsLeftOutAndSaid() throws {
    let lines = Mutex<[String]>([])
    let surroundings = PluginSurroundings { level, _, line in
      if level == .error { lines.withLock { $0.append(line) } }
    }
    try withProbe(surroundings) { probe in
      _ = try prepared(probe)
      #expect(!probe.takeColumns().contains { $0.name == "entropy-probe/too_long" })
      #expect(
        lines.withLock(\.self) == [
          "column 'too_long': 6 values from token 0 on do not fit a step of 5 tokens; they are left out"
        ])
    }
  }

  @Test func whatIsNeverSetOfAColumnIsNaN() {
    let columns = ReportedColumns()
    columns.begin(count: 4)
    [Float(1), 2].withUnsafeBufferPointer {
      #expect(columns.set("x", first: 1, $0) == nil)
      #expect(columns.set("x", first: 3, $0) != nil)
    }
    let values = columns.take()[0].values
    #expect(values[0].isNaN && values[1] == 1 && values[2] == 2 && values[3].isNaN)
  }

  @Test func pluginsAreLentTheTokenizer() throws {
    struct Letters: PluginTokenizer {
      let vocabularySize = 26
      func encode(_ text: String) -> [Int32] { text.utf8.map { Int32($0) - 97 } }
      func decode(_ ids: [Int32]) -> String { ids.map { "<\($0)>" }.joined() }
    }
    let lines = Mutex<[String]>([])
    let surroundings = PluginSurroundings(tokenizer: Letters()) { _, _, line in
      lines.withLock { $0.append(line) }
    }
    try withProbe(surroundings) { _ in
      #expect(lines.withLock(\.self) == ["26 6 0 3", "<0><1>"])
    }
  }

  @Test func aTableThatIsShorterThanTodaysWorksAsFarAsItGoes() throws {
    try withProbe(macros: ["SHORT_TABLE", "NO_DIFFERENTIATE"]) { probe in
      let added = try probe.evaluate(
        batch, first: 13, coefficients: coefficients, observed: observed)
      #expect(added == TokenAdditions(count: 5))
      #expect(throws: CallFailure("it wants rows, and has no function 'differentiate'")) {
        try prepared(probe)
      }
    }
  }

  @Test(arguments: [
    ("NO_TABLE", "'entropy-probe' serves no table 'temper.entropy/1'"),
    ("NO_DESCRIBE", "the table 'temper.entropy/1' of 'entropy-probe' lacks 'describe'"),
    ("NO_LOAD", "the table 'temper.state/1' of 'entropy-probe' lacks a function"),
    ("STAGE=9", "'entropy-probe' asks for the stage 9, which there is not"),
    (
      "FLAGS=64",
      "'entropy-probe' asks for what this temper, of plugin ABI 1.2, does not have"
    ),
    ("NO_OBSERVE", "'entropy-probe' asks to see rows, and has no function 'observe'"),
    (
      "FLAGS=0",
      "'entropy-probe' notes 2 floats of a row, and asks for neither old nor current"
    ),
  ]) func aBrokenContractIsNamed(macro: String, reason: String) throws {
    try withFolder { folder in
      let path = try CFixture.library("entropy_probe", macros: [macro], in: folder)
      #expect(throws: PluginHostError.malformed(path: path, reason: reason)) {
        try shipped.intervention(PluginRequest(name: path))
      }
    }
  }

  @Test func aRequestThatCannotBeServedSaysWhy() throws {
    try withFolder { folder in
      let path = try CFixture.library("entropy_probe", macros: ["REFUSES"], in: folder)
      func failure(_ request: String) throws -> String {
        do {
          _ = try PluginCatalog(searchPath: [folder.path])
            .intervention(PluginRequest(parsing: request))
          return ""
        } catch { return "\(error)" }
      }
      #expect(try failure(path) == "entropy-probe: describe fell over")
      #expect(
        try failure("entropy-probe:levle=2")
          == "entropy-probe: unknown key 'levle'; did you mean 'level'? known keys: level")
      #expect(
        try failure("regex")
          == "the plugin 'regex' serves 'temper.verifier/1', and a 'temper.entropy/1' is needed here"
      )
      #expect(
        try failure("entropy-prob").hasPrefix(
          "there is no plugin 'entropy-prob'; did you mean 'entropy-probe'?\nfound: entropy-probe\n"
        ))
    }
  }
}

extension CallFailure: Equatable {
  public static func == (a: CallFailure, b: CallFailure) -> Bool {
    a.description == b.description
  }
}
