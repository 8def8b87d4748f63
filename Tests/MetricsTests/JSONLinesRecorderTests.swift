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
