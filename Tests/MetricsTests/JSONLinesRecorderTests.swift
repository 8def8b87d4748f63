import Foundation
import JSON
import Testing

@testable import Metrics

/// A folder of its own that goes away with the test.
private func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

@Test func eachStepIsOneLineThatIsThereAtOnce() throws {
  try withFolder { folder in
    let file = folder.appending(path: "metrics.jsonl")
    let recorder = try JSONLinesRecorder(appendingTo: file)
    try recorder.record(["reward/mean": 0.5, "policy/entropy": .nan], step: 1)
    #expect(try text(file) == "{\"step\":1,\"reward/mean\":0.5,\"policy/entropy\":null}\n")
    try recorder.record(["reward/mean": 0.75], step: 2)
    #expect(try text(file).hasSuffix("{\"step\":2,\"reward/mean\":0.75}\n"))
    try JSONLinesRecorder(appendingTo: file).record([:], step: 3)
    #expect(try text(file).split(separator: "\n").count == 3)
  }
}

@Test func aResumedRunsFileEqualsAnUninterruptedOnes() throws {
  try withFolder { folder in
    let file = folder.appending(path: "metrics.jsonl")
    func write(_ steps: ClosedRange<Int>) throws {
      let recorder = try JSONLinesRecorder(appendingTo: file)
      for step in steps { try recorder.record(["reward/mean": Double(step)], step: step) }
    }
    try write(1...6)
    let whole = try text(file)
    let half = try FileHandle(forWritingTo: file)
    try half.seekToEnd()
    try half.write(contentsOf: Data("{\"step\":7,\"rew".utf8))
    try half.close()

    #expect(try JSONLinesRecorder.truncate(file, after: 3) == 4)
    try write(4...6)
    #expect(try text(file) == whole)
    let superseded = try text(folder.appending(path: "superseded/metrics.jsonl"))
    #expect(
      superseded.split(separator: "\n").map { $0.prefix(9) } == [
        "{\"step\":4", "{\"step\":5", "{\"step\":6", "{\"step\":7",
      ])

    #expect(try JSONLinesRecorder.truncate(file, after: 5) == 1)
    let again = try text(folder.appending(path: "superseded/metrics.jsonl"))
    #expect(again.hasPrefix(superseded) && again.split(separator: "\n").count == 5)
    #expect(try JSONLinesRecorder.truncate(file, after: 5) == 0)
  }
}

@Test func aFileThatIsNotThereHasNothingToMove() throws {
  try withFolder { folder in
    let moved = try JSONLinesRecorder.truncate(folder.appending(path: "none.jsonl"), after: 0)
    #expect(moved == 0)
  }
}

@Test func aFileThatCannotBeWrittenIsNamed() {
  let file = URL(filePath: "/proc/none/metrics.jsonl")
  #expect {
    try JSONLinesRecorder(appendingTo: file)
  } throws: { "\($0)".hasPrefix("/proc/none/metrics.jsonl: the metrics could not be written") }
}

@Test func aFullDiskIsReported() throws {
  let recorder = try JSONLinesRecorder(appendingTo: URL(filePath: "/dev/full"))
  #expect {
    try recorder.record(["reward/mean": 1], step: 1)
  } throws: { "\($0)".contains("No space left on device") }
}
