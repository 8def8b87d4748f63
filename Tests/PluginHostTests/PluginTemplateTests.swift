import Detectors
import EntropyControl
import Environments
import Foundation
import JSON
import Testing
import Trajectories
import Verifiers

@testable import PluginHost

private let sdk = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "plugins/sdk")

/// What a command prints; it has to succeed.
@discardableResult
private func run(_ command: String, in folder: URL) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", command + " 2>&1"]
  process.currentDirectoryURL = folder
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = String(
    decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(command): \(text)")
  return text
}

@Suite struct PluginTemplateTests {
  @Test(arguments: ["a", "entropy-floor", "my-2nd-try"]) func aNameMayBe(_ name: String) throws {
    _ = try PluginTemplate(name: name, kind: .entropy, language: .swift)
  }

  @Test(arguments: ["", "A", "2nd", "a_b", "a--b", "a-", "-a", "a/b", "..", "ä", "a b"])
  func aNameMayNotBe(_ name: String) {
    #expect(
      throws: PluginTemplateError.name(
        name,
        reason: "a name is of small letters, digits and single hyphens, and starts with a letter")
    ) { try PluginTemplate(name: name, kind: .entropy, language: .swift) }
  }

  @Test func aNameMayNotHideATypeOfTheSDK() {
    #expect {
      try PluginTemplate(name: "row", kind: .entropy, language: .c)
    } throws: {
      "\($0)"
        == "'row' cannot be a plugin's name: 'Row' means something in Swift or the SDK"
    }
  }

  @Test func aFolderThatExistsIsLeftAsItIs() throws {
    try withFolder { folder in
      let template = try PluginTemplate(name: "mine", kind: .verifier, language: .c)
      #expect(throws: PluginTemplateError.exists(folder.path)) {
        try template.write(to: folder, sdk: sdk)
      }
      let target = folder.appending(path: "mine")
      #expect {
        try template.write(to: target, sdk: folder)
      } throws: {
        "\($0)".hasPrefix("\(target.path): the package cannot be written: ")
      }
      #expect(!FileManager.default.fileExists(atPath: target.path))
    }
  }

  @Test func theSDKIsBesideTheExecutableOrAboveIt() throws {
    let root = sdk.deletingLastPathComponent().deletingLastPathComponent()
    let built = root.appending(path: ".build/release/temper")
    #expect(try PluginSDK.folder(environment: [:], executable: built).path == sdk.path)
    let named = ["TEMPER_SDK": sdk.path]
    #expect(
      try PluginSDK.folder(environment: named, executable: URL(filePath: "/x/y")).path == sdk.path)
    #expect(
      throws: PluginTemplateError.noSDK(searched: [
        "/opt/share/temper/sdk", "/opt/plugins/sdk", "/plugins/sdk",
      ])
    ) { try PluginSDK.folder(environment: [:], executable: URL(filePath: "/opt/bin/temper")) }
  }

  @Test func aPackageHoldsWhatItNeedsUnderItsOwnName() throws {
    try withFolder { folder in
      let target = folder.appending(path: "my-floor")
      let template = try PluginTemplate(name: "my-floor", kind: .entropy, language: .swift)
      #expect(
        try template.write(to: target, sdk: sdk) == [
          ".gitignore", "Package.swift", "README.md", "Sources/MyFloor/MyFloor.swift",
          "Tests/MyFloorTests/MyFloorTests.swift",
        ])
      let left = try run("grep -rniE 'entropy.?floor' . || true", in: target)
      #expect(left.isEmpty)
    }
  }
}

/// From `temper plugins new` to a plugin that runs: what an author's first minutes hold.
@Suite(.enabled(if: CFixture.isPossible, CFixture.absence)) struct NewPluginTests {
  /// Writes, builds and tests a package, each with one command.
  /// - Returns: the library.
  private func build(
    _ name: String, _ kind: PluginKind, _ language: PluginTemplate.Language, in folder: URL
  ) throws -> String {
    let target = folder.appending(path: "\(name)-\(language)")
    let template = try PluginTemplate(name: name, kind: kind, language: language)
    _ = try template.write(to: target, sdk: sdk)
    switch language {
    case .swift:
      try run("swift build -c release", in: target)
      #expect(try run("swift test", in: target).contains("tests in 1 suite passed"))
      return target.appending(path: ".build/release/lib\(name).so").path
    case .c:
      try run("make", in: target)
      #expect(try run("make test", in: target).contains("passed"))
      return target.appending(path: "lib\(name).so").path
    }
  }

  @Test func anInterventionInSwiftAndTheSameInCGiveTheSameBits() throws {
    try withFolder { folder in
      let pair = try PluginTemplate.Language.allCases.map { language in
        let path = try build("my-floor", .entropy, language, in: folder)
        return try shipped.intervention(
          PluginRequest(parsing: "\(path):floor=6.5,strength=0.03")
        ).intervention
      }
      for step in 0..<5 {
        var seen: [[[UInt32]]] = []
        for plugin in pair {
          var batch = batch
          for t in batch.entropies.indices {
            batch.entropies[t] = 6 + 1 / Float(3 + 7 * t + 13 * step)
          }
          let prepared = try InterventionSet([plugin]).prepare(
            position, &batch, Shaping(count: 5, clipLow: 0.2, clipHigh: 0.28),
            coefficients: { _ in coefficients })
          let added = try prepared.additions(batch)
          seen.append([added.phi, added.dLogprob, added.dEntropy].map { $0.map(\.bitPattern) })
          // On resume, what is remembered comes back.
          try plugin.restoreState(#require(try plugin.saveState()))
        }
        #expect(seen[0] == seen[1])
        #expect(Float(bitPattern: seen[0][2][0]) < 0)
      }
    }
  }

  @Test func aVerifierInSwiftReadsTheRow() throws {
    try withFolder { folder in
      let path = try build("last-word", .verifier, .swift, in: folder)
      let verifier = try shipped.verifier(PluginRequest(parsing: "\(path):wrong=-1")).verifier
      #expect(verifier.name == "last-word")
      let sample = VerifierSample(row: #"{"answer": "42"}"#, completion: "it is 41")
      #expect(
        verifier.judge([sample]) == [
          Judgement(.wrong, reward: -1, reason: "expected 42", answer: "41")
        ])
    }
  }

  @Test func aPoolOfPromptsInSwiftAndInCWriteAlike() throws {
    try withFolder { folder in
      let pools = try PluginTemplate.Language.allCases.map { language in
        let path = try build("two-ways", .prompts, language, in: folder)
        return try shipped.promptPool(PluginRequest(name: path)).pool
      }
      for pool in pools {
        #expect(pool.templates == ["plain", "marked"])
        let user = try (0...1).map { try pool.parts($0, problem: "1 + 1 = ?", row: "{}").user }
        #expect(user == ["1 + 1 = ?", "1 + 1 = ?\n\nEnd with 'Answer:' and your answer."])
        let scores = try ["2", "Answer: 2"].map { try pool.formScore(1, completion: $0) }
        #expect(scores == [0, 1])
      }
    }
  }

  @Test func anEnvironmentInSwiftAndInCPlayAlike() throws {
    try withFolder { folder in
      let pair = try PluginTemplate.Language.allCases.map { language in
        let path = try build("number-game", .environment, language, in: folder)
        return try shipped.environment(PluginRequest(parsing: "\(path):turns=2")).environment
      }
      for environment in pair {
        #expect(environment.name == "number-game" && environment.world.turns == 2)
        let episode = try environment.begin(EpisodeTask(seed: 3))
        #expect(
          episode.opening == [["role": "user", "content": "Find my number from 1 to 100."]])
        #expect(try episode.expertTurn() == "50")
        let turns = try ["hm", "0"].enumerated().map {
          try episode.step(ModelTurn(number: $0, text: $1))
        }
        #expect(turns[0].isVoid && turns[0].ending == nil)
        #expect(turns[1].ending == .outOfTurns)
        #expect(turns[1].messages == [["role": "user", "content": "Higher."]])
      }
    }
  }

  @Test func aDetectorInSwiftAndInCFindTheSame() throws {
    try withFolder { folder in
      let pair = try PluginTemplate.Language.allCases.map { language in
        let path = try build("my-jump", .detector, language, in: folder)
        return try shipped.detector(PluginRequest(parsing: "\(path):patience=2")).detector
      }
      for (step, loss) in [0.01, -0.03, 0.02, -0.5, .nan, 0.1].enumerated() {
        var observation = Observation(.step, step: step + 1, totalSteps: 6)
        observation.metrics["policy/loss"] = loss
        let found = try pair.map { try $0.detect(observation) }
        #expect(found[0] == found[1])
        #expect(found[0].action == (step == 3 ? .warn : .none))
        // On resume, what is remembered comes back.
        for plugin in pair { try plugin.restoreState(#require(try plugin.saveState())) }
      }
    }
  }

  @Test func aVerifierInCNeedsItsOwnFolderOnly() throws {
    try withFolder { folder in
      let path = try build("last-word", .verifier, .c, in: folder)
      let verifier = try shipped.verifier(PluginRequest(parsing: "\(path):longest=1")).verifier
      let sample = VerifierSample(row: "{}", completion: "it is", tokens: [1, 2])
      #expect(
        verifier.judge([sample]) == [Judgement(.wrong, reward: 0, reason: "it is too long")])
    }
  }
}
