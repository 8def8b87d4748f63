import Checks
import Foundation
import JSON
import Testing
import Trajectories
import Verifiers

/// Says right where the completion is the row's answer, or holds it in flexible mode.
private struct Echo: Verifier {
  let name = "echo"
  let mode: VerifierMode

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    samples.map { sample in
      let row = try? JSON(parsing: sample.row)
      let gold = row?["answer"].string ?? ""
      let isRight =
        mode == .flexible ? sample.completion.contains(gold) : sample.completion == gold
      return Judgement(isRight ? .right : .wrong, reward: isRight ? 1 : 0)
    }
  }
}

struct VerifierCheckTests {
  /// Writes the rows to a file that is gone afterwards.
  private func with<T>(_ rows: String, _ body: (URL) throws -> T) throws -> T {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).jsonl")
    try rows.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file)
  }

  private func check(_ rows: String) throws -> CheckReport {
    try with(rows) { file in try checkVerifiers(file: file) { Echo(mode: $0) } }
  }

  @Test func acceptsAndRejectsAreCountedApartAndByCategory() throws {
    let report = try check(
      """
      {"id":"a","category":"x","gold":"1","prediction":"1","expected":true}
      {"id":"b","category":"x","gold":"1","prediction":"1","expected":false}
      {"id":"c","category":"y","gold":"1","prediction":"2","expected":true}
      {"id":"d","category":"y","gold":"1","prediction":"2","expected":null}
      """)
    #expect((report.cases, report.agreed, report.skipped) == (3, 1, 1))
    #expect(report.differ == ["b", "c"])
    #expect(report.json["false_accepts"] == .int(1))
    #expect(report.json["false_rejects"] == .int(1))
    #expect(report.json["by_category"]?["x"]?["cases"] == .int(2))
  }

  @Test func responsesAreJudgedInBothModes() throws {
    let report = try check(
      """
      {"id":"a","gold":"1","response":"it is 1","expected":true,"expected_boxed_only":false}
      {"id":"b","gold":"1","response":"it is 1","expected":true,"expected_boxed_only":null}
      {"id":"c","gold":"1","response":"1","expected":true,"expected_boxed_only":false}
      """)
    #expect(report.exitCode == 0 && report.cases == 3)
    #expect(report.json["boxed"]?["cases"] == .int(2))
    #expect(report.json["boxed"]?["false_accepts"] == .int(1))
  }

  @Test func theVerifierNeverSeesWhatIsExpected() throws {
    struct Spy: Verifier {
      let name = "spy"
      func judge(_ samples: [VerifierSample]) -> [Judgement] {
        samples.map { sample in
          let row = try? JSON(parsing: sample.row)
          let isClean = row?["expected"].isNull == true && row?["target"].int == 6
          return Judgement(isClean ? .right : .wrong, reward: 0)
        }
      }
    }
    let rows = #"{"id":"a","numbers":[2,3],"target":6,"response":"2*3","expected":true}"#
    var modes: [VerifierMode] = []
    let report = try with(rows) { file in
      try checkVerifiers(file: file) { mode in
        modes.append(mode)
        return Spy()
      }
    }
    #expect(report.agreed == 1 && modes == [.own])
  }

  @Test(arguments: [#"{"prediction":"1"}"#, #"{"gold":"1","prediction":1,"expected":true}"#, "[]"])
  func rowsOfAnotherFormAreRefused(row: String) {
    #expect(throws: CheckError.self) { try check(row) }
  }

  @Test func goldAnswersThatDoNotVerifyAreNamed() throws {
    let rows = """
      {"id":"a","answer":"1"}
      {"id":"b","answer":["1","2"]}
      {"id":"c","problem":"no answer"}
      """
    let report = try with(rows) { file in
      try checkGold(file: file, gold: "answer", verifier: Echo(mode: .none))
    }
    #expect(report.agreed == 1)
    #expect(report.differ == ["b", "c"])
    #expect(report.summary.contains("share"))
  }
}
