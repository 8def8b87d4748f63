import Foundation
import Testing

@testable import Checkpoints

@Suite struct AtomicFolderTests {
  let temporary: TemporaryFolder
  let target: URL

  init() throws {
    temporary = try TemporaryFolder()
    target = temporary.url.appending(path: "target")
  }

  @Test func nothingHasItsNameBeforeAllIsWritten() throws {
    try AtomicFolder.create(target) { folder in
      try writeExample(into: folder, step: 1)
      #expect(!FileManager.default.fileExists(atPath: target.path))
      #expect(folder.deletingLastPathComponent().path == temporary.url.path)
    }
    try Manifest(of: target).verify(target)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path) == ["target"])
  }

  @Test func aFailingWriterLeavesNothing() throws {
    struct Interrupted: Error {}
    #expect(throws: Interrupted.self) {
      try AtomicFolder.create(target) { folder in
        try writeExample(into: folder, step: 1)
        throw Interrupted()
      }
    }
    #expect(temporary.names == [])
  }

  @Test func anExistingFolderIsNotOverwritten() throws {
    try AtomicFolder.create(target) { try writeExample(into: $0, step: 1) }
    let error = #expect(throws: CheckpointError.self) {
      try AtomicFolder.create(target) { try writeExample(into: $0, step: 2) }
    }
    #expect(error?.description == "\(target.path): cannot create the folder: it exists already")
    try Manifest(of: target).verify(target)
  }

  @Test func aDiskWithTooLittleRoomIsRefusedBeforeWriting() throws {
    let error = #expect(throws: CheckpointError.self) {
      try AtomicFolder.create(target, bytes: .max) { _ in Issue.record("it wrote") }
    }
    #expect(error?.description.contains("the disk is full; this write needs") == true)
    #expect(temporary.names == [])
  }

  @Test func aWriterThatMeetsAFullDeviceIsReportedAsAFullDisk() throws {
    let error = #expect(throws: CheckpointError.self) {
      try AtomicFolder.create(target) { folder in
        try writeExample(into: folder, step: 1)
        let device = open("/dev/full", O_WRONLY)
        defer { close(device) }
        guard Foundation.write(device, "x", 1) == 1 else {
          throw POSIXError(.init(rawValue: errno)!)
        }
      }
    }
    guard case .diskFull(let path, nil, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == target.path)
    #expect(temporary.names == [])
  }

  @Test func aReadOnlyParentIsNamedWithTheSystemsReason() throws {
    let error = #expect(throws: CheckpointError.self) {
      try AtomicFolder.create(URL(filePath: "/proc/temper/target")) { _ in }
    }
    #expect(
      error?.description == "/proc/temper: cannot create the folder: No such file or directory")
  }

  @Test func aFileIsReplacedWholeOrNotAtAll() throws {
    let file = temporary.url.appending(path: "rollouts/step-000001.jsonl")
    try AtomicFile.write("one\n", to: file)
    try AtomicFile.write("two\n", to: file)
    #expect(try String(contentsOf: file, encoding: .utf8) == "two\n")
    #expect(temporary.names == ["rollouts", "rollouts/step-000001.jsonl"])
  }
}
