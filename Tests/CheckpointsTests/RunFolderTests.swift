import Foundation
import Metrics
import Testing

@testable import Checkpoints

@Suite struct RunFolderTests {
  let temporary: TemporaryFolder
  let url: URL

  init() throws {
    temporary = try TemporaryFolder()
    url = temporary.url.appending(path: "runs/first")
  }

  @Test func aNewRunHasItsFolders() throws {
    let run = try RunFolder(creating: url)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
        == [".lock", "checkpoints", "failures", "rollouts"])
    #expect(run.rollouts(step: 12).path.hasSuffix("runs/first/rollouts/step-000012.jsonl"))
  }

  @Test func aSecondRunIntoTheSameFolderIsRefused() throws {
    var run: RunFolder? = try RunFolder(creating: url)
    try run?.checkpoints().save(step: 50) { try writeExample(into: $0, step: 50) }
    run = nil
    let error = #expect(throws: CheckpointError.self) { try RunFolder(creating: url) }
    #expect(error == .runExists(folder: url.path, lastStep: 50))
    #expect(error?.description.contains("continue it with --resume ") == true)
  }

  @Test func aFolderWithOtherThingsInItIsLeftAlone() throws {
    try AtomicFile.write("dear diary\n", to: url.appending(path: "diary.txt"))
    #expect(throws: CheckpointError.notEmpty(folder: url.path)) { try RunFolder(creating: url) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: url.path) == ["diary.txt"])
  }

  @Test func anEmptyFolderTakesARun() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    _ = try RunFolder(creating: url)
  }

  @Test func resumingWhatIsNotThereIsRefused() throws {
    #expect(throws: CheckpointError.noRun(folder: url.path)) { try RunFolder(resuming: url) }
    #expect(temporary.names == [])
  }

  @Test func twoCannotTrainIntoOneRun() throws {
    let run = try RunFolder(creating: url)
    let error = #expect(throws: CheckpointError.self) { try RunFolder(resuming: url) }
    #expect(error == .locked(folder: url.path, process: Int(getpid())))
    #expect(error?.description.contains("process \(getpid()) is training into this run") == true)
    withExtendedLifetime(run) {}
  }

  @Test func theLockEndsWithItsHolder() async throws {
    let path = url.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let run = try RunFolder(creating: URL(filePath: path))
      withExtendedLifetime(run) { _ = kill(getpid(), SIGKILL) }
    }
    _ = try RunFolder(resuming: url)
  }

  @Test func resumingMovesLaterRecordsAside() throws {
    let run = try RunFolder(creating: url)
    for step in 1...4 { try AtomicFile.write("{}\n", to: run.rollouts(step: step)) }
    try AtomicFile.write("{}\n", to: run.failures.appending(path: "step-000004.json"))
    for step in [2, 4] {
      try run.checkpoints().save(step: step) { try writeExample(into: $0, step: step) }
    }
    let lines = (1...4).map { #"{"step":\#($0),"reward/mean":0.5}"# }
    try AtomicFile.write(lines.joined(separator: "\n") + "\n" + #"{"step":5,"rew"#, to: run.metrics)

    let superseded = try #require(try run.supersede(after: 2))
    #expect(superseded.lastPathComponent == "resume-001")
    #expect(
      try String(contentsOf: run.metrics, encoding: .utf8) == lines[0] + "\n" + lines[1] + "\n")
    #expect(
      try String(contentsOf: superseded.appending(path: "metrics.jsonl"), encoding: .utf8)
        == lines[2] + "\n" + lines[3] + "\n" + #"{"step":5,"rew"# + "\n")
    #expect(
      FileTree.names(in: url.appending(path: "rollouts"))
        == ["step-000001.jsonl", "step-000002.jsonl"])
    #expect(
      try FileTree.files(below: superseded).filter { !$0.hasPrefix("checkpoints") }
        == [
          "failures/step-000004.json", "metrics.jsonl", "rollouts/step-000003.jsonl",
          "rollouts/step-000004.jsonl",
        ])
    #expect(FileTree.names(in: superseded.appending(path: "checkpoints")) == ["step-000004"])
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: run.checkpoints().latest.path)
        == "step-000002")
    #expect(try run.checkpoints().newest().checkpoint.step == 2)

    #expect(try run.supersede(after: 2) == nil)
    #expect(try run.supersede(after: 1)?.lastPathComponent == "resume-002")
  }

  @Test func resumingRemovesHalfWrittenRollouts() throws {
    var run: RunFolder? = try RunFolder(creating: url)
    let half = url.appending(path: "rollouts/.step-000003.jsonl.temper-tmp-4242")
    try Data("{".utf8).write(to: half)
    run = nil
    run = try RunFolder(resuming: url)
    #expect(FileTree.names(in: url.appending(path: "rollouts")) == [])
    withExtendedLifetime(run) {}
  }
}

@Suite struct EventFileResumeTests {
  @Test func resumingCutsTheEventFileAtTheCheckpoint() throws {
    let temporary = try TemporaryFolder()
    let url = temporary.url.appending(path: "run")
    let run = try RunFolder(creating: url)
    for step in 1...4 {
      try TensorBoardRecorder(in: url).record(["reward/mean": Double(step)], step: step)
    }
    let file = try #require(EventFile.files(in: url).first)
    let before = Array(try Data(contentsOf: file))
    let (kept, later) = EventFile.split(before, after: 2)
    let superseded = try #require(try run.supersede(after: 2))
    #expect(Array(try Data(contentsOf: file)) == kept && kept.count < before.count)
    let moved = superseded.appending(path: file.lastPathComponent)
    #expect(Array(try Data(contentsOf: moved)) == later)
    #expect(try run.supersede(after: 2) == nil)
  }

  @Test func aRunIsSeenToBeWritten() throws {
    let temporary = try TemporaryFolder()
    let url = temporary.url.appending(path: "run")
    var owner: RunFolder? = try RunFolder(creating: url)
    let reader = try RunFolder(reading: url)
    #expect(reader.isBeingWritten)
    withExtendedLifetime(owner) {}
    owner = nil
    #expect(!reader.isBeingWritten)
  }
}
