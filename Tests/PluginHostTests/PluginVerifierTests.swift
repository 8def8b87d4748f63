import Foundation
import JSON
import Synchronization
import Testing
import Trajectories
import Verifiers

@testable import PluginHost

private func samples(_ completions: [String]) -> [VerifierSample] {
  completions.map { VerifierSample(row: "{}", completion: $0) }
}

@Suite(.enabled(if: CFixture.isPossible, CFixture.absence)) struct PluginVerifierTests {
  private func withProbe(
    _ request: String = "", _ surroundings: PluginSurroundings = PluginSurroundings { _, _, _ in },
    header: URL = CFixture.header, _ body: (ResolvedVerifier) throws -> Void
  ) throws {
    try withFolder { folder in
      let path = try CFixture.library("probe", in: folder, header: header)
      try body(shipped.verifier(PluginRequest(parsing: path + request), surroundings))
    }
  }

  /// With the header of today, and of version 1.0: a plugin that was built then keeps working.
  @Test(arguments: [CFixture.header, CFixture.oldHeader])
  func theFourVerdictsComeThroughWithRewardReasonAndAnswer(header: URL) throws {
    try withProbe(header: header) { probe in
      #expect(
        probe.verifier.judge(samples(["r1", "w2", "u3", "f4"])) == [
          Judgement(.right, reward: 1.5, answer: "r1"),
          Judgement(.wrong, reward: -0.5, answer: "w2"),
          Judgement(.unparsable, reward: -1, reason: "no answer", answer: "u3"),
          .failed("no tool"),
        ])
      #expect(probe.verifier.takeMetrics() == [VerifierMetric("probe/size", 2)])
    }
  }

  @Test func aJudgementThatBreaksTheContractIsFailed() throws {
    try withProbe { probe in
      #expect(
        probe.verifier.judge(samples(["n", "v", "?", ""])).map(\.reason) == [
          "the verifier gave the reward nan", "the verifier gave the unknown verdict 9",
          "no reason given", "no reason given",
        ])
    }
  }

  @Test func aCallThatFailsFailsItsSamplesWithTheMessage() throws {
    try withProbe { probe in
      #expect(
        probe.verifier.judge(samples(["r", "E", "r"]))
          == Array(repeating: .failed("the judge fell over"), count: 3))
      #expect(probe.verifier.judge([]).isEmpty)
    }
  }

  @Test func aVerifierSeesTheWholeSample() throws {
    try withProbe { probe in
      let judgements = probe.verifier.judge([
        VerifierSample(row: #"{"a":1}"#, prompt: "häh?", completion: "t", tokens: [7, 8]),
        VerifierSample(row: "{}", prompt: "", completion: "t"),
      ])
      #expect(judgements.map(\.reason) == ["7 5 2 7", "2 0 0 -1"])
    }
  }

  @Test func textBeyondTheSinksRoomIsCut() throws {
    try withProbe { probe in
      let reason = probe.verifier.judge(samples(["l"]))[0].reason
      #expect(reason.utf8.count == 65_536 && reason.hasPrefix("01234567890123"))
    }
  }

  @Test func metricsAreMeansUnderThePluginsName() throws {
    try withProbe { probe in
      _ = probe.verifier.judge(samples(["r", "rrr", "ww"]))
      #expect(probe.verifier.takeMetrics() == [VerifierMetric("probe/size", 2)])
      #expect(probe.verifier.takeMetrics().isEmpty)
    }
  }

  @Test func theResolvedConfigurationIsWhatThePluginGetsAndTheRunStores() throws {
    let lines = Mutex<[String]>([])
    let surroundings = PluginSurroundings { level, name, line in
      lines.withLock { $0.append("\(level) \(name) \(line)") }
    }
    try withProbe(":level=3,weight=0.5", surroundings) { probe in
      #expect(probe.configuration == ["level": 3, "label": "x"])
      #expect(probe.weight == 0.5 && probe.member.weight == 0.5)
      #expect(lines.withLock { $0[0] } == #"debug probe {"level":3,"label":"x"}"#)
    }
  }

  @Test func randomBitsDependOnTheSeedAlone() throws {
    func bits(seed: UInt64) throws -> String {
      let lines = Mutex<[String]>([])
      let surroundings = PluginSurroundings(seed: seed) { _, _, line in
        lines.withLock { $0.append(line) }
      }
      try withProbe("", surroundings) { _ in }
      return lines.withLock { $0[1] }
    }
    #expect(try bits(seed: 7) == bits(seed: 7))
    #expect(try bits(seed: 7) != bits(seed: 8))
  }

  @Test func anInstanceEndsWithItsVerifier() throws {
    let lines = Mutex<[String]>([])
    let surroundings = PluginSurroundings { level, _, line in
      if level == .info { lines.withLock { $0.append(line) } }
    }
    try withFolder { folder in
      let request = PluginRequest(name: try CFixture.library("probe", in: folder))
      for _ in 0..<3 { _ = try shipped.verifier(request, surroundings) }
    }
    #expect(lines.withLock { $0 } == ["alive 1", "alive 1", "alive 1"])
  }

  @Test func aVerifierInCNeedsOnlyTheHeader() throws {
    try withFolder { folder in
      _ = try CFixture.library("polite", in: folder)
      let polite = try PluginCatalog(searchPath: [folder.path])
        .verifier(PluginRequest(name: "polite"))
      #expect(
        polite.verifier.judge(samples(["yes please", "no"])) == [
          Judgement(.right, reward: 1),
          Judgement(.wrong, reward: 0, reason: "neither 'please' nor 'thank you'"),
        ])
    }
  }
}

@Suite struct SharedInstanceTests {
  @Test func eightThreadsOnOneInstanceJudgeAsOneDoes() throws {
    let exact = try shipped.verifier(PluginRequest(name: "exact")).verifier
    let arithmetic = try shipped.verifier(PluginRequest(name: "arithmetic")).verifier
    let all = (0..<400).map { index in
      let value = index % 100
      let digits = value < 10 ? "0\(value)" : "\(value)"
      let row =
        index % 7 == 0
        ? #"{"problem": "1+1="}"# : #"{"problem": "\#(value)+0=", "answer": "\#(digits)"}"#
      return VerifierSample(
        row: row, completion: index % 3 == 0 ? "#### # 12" : "#### # \(digits)")
    }
    let expected = exact.judge(all) + arithmetic.judge(all)
    #expect(Set(expected.map(\.verdict)).count >= 3)
    _ = arithmetic.takeMetrics()
    let results = Mutex<[[Judgement]]>([])
    let threads = (0..<8).map { offset in
      Thread {
        var judgements: [Judgement] = []
        for verifier in [exact, arithmetic] {
          for start in stride(from: 0, to: all.count, by: offset + 1) {
            judgements += verifier.judge(Array(all[start..<min(start + offset + 1, all.count)]))
          }
        }
        results.withLock { $0.append(judgements) }
      }
    }
    for thread in threads { thread.start() }
    while !threads.allSatisfy(\.isFinished) { usleep(1000) }
    let gathered = results.withLock { $0 }
    #expect(gathered.count == 8 && gathered.allSatisfy { $0 == expected })
    let working = arithmetic.takeMetrics().first { $0.name == "arithmetic/working" }
    #expect(working?.value == 0)
  }

  @Test func configuredVerifiersAreMadeByTheSameRequest() throws {
    let request = try PluginRequest(parsing: #"regex:pattern=(\d{1,3}),compare=number"#)
    let regex = try shipped.verifier(request)
    #expect(regex.configuration["pattern"] == #"(\d{1,3})"#)
    let sample = VerifierSample(row: #"{"answer": "42"}"#, completion: "it is 42")
    #expect(regex.verifier.judge([sample]) == [Judgement(.right, reward: 1, answer: "42")])
    #expect {
      try shipped.verifier(PluginRequest(name: "regex"))
    } throws: {
      "\($0)".hasPrefix("regex: 'pattern' is empty;")
    }
  }
}
