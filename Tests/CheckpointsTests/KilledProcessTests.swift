import Foundation
import Testing

@testable import Checkpoints

/// Processes that die by SIGKILL, and disks that fill up, while checkpoints are written.
@Suite(.serialized) struct KilledProcessTests {
  /// The first checkpoint is whole before the clock starts, so one must always be found.
  @Test(arguments: [2, 5, 9, 14, 20, 27, 35, 44, 60, 90])
  func aKillAtAnyMomentLeavesAWholeCheckpoint(milliseconds: Int) async throws {
    let temporary = try TemporaryFolder()
    let path = temporary.url.path
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, milliseconds = milliseconds as Int] in
      let store = CheckpointStore(URL(filePath: path), keeping: 2)
      try store.save(step: 1) { try writeExample(into: $0, step: 1) }
      Thread.detachNewThread {
        usleep(UInt32(milliseconds) * 1000)
        kill(getpid(), SIGKILL)
      }
      for step in 2... {
        try store.save(step: step) { try writeExample(into: $0, step: step, bytes: 400_000) }
      }
    }
    let store = CheckpointStore(temporary.url, keeping: 2)
    let (checkpoint, refused) = try store.newest()
    #expect(refused == [])
    let state = checkpoint.folder.appending(path: "state.json")
    #expect(try String(contentsOf: state, encoding: .utf8) == "\(checkpoint.step)")
    // Two kept, and a third where the kill came before the oldest was removed.
    #expect((1...3).contains(store.all().count))
    let hidden = FileTree.names(in: temporary.url).filter { $0.hasPrefix(".") }
    #expect(hidden == [])

    try store.save(step: checkpoint.step + 1) { try writeExample(into: $0, step: 0) }
    #expect(try store.newest().checkpoint.step == checkpoint.step + 1)
  }

  @Test func aKillInsideTheWriterLeavesOnlyTheCheckpointBefore() async throws {
    let temporary = try TemporaryFolder()
    let path = temporary.url.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = CheckpointStore(URL(filePath: path))
      try store.save(step: 1) { try writeExample(into: $0, step: 1) }
      try store.save(step: 2) { folder in
        try writeExample(into: folder, step: 2)
        kill(getpid(), SIGKILL)
      }
    }
    #expect(temporary.names.contains { $0.hasPrefix(".step-000002.temper-tmp-") })
    let store = CheckpointStore(temporary.url)
    #expect(try store.newest().checkpoint.step == 1)
    #expect(!temporary.names.contains { $0.hasPrefix(".") })
  }

  @Test(.enabled(if: canMount, "skipped: mounting a small disk takes root"))
  func aFullDiskIsNamedAndLosesNothing() async throws {
    let temporary = try TemporaryFolder()
    try #require(Self.mountMegabyte(at: temporary.url))
    defer { _ = umount2(temporary.url.path, 2) }  // MNT_DETACH
    let store = CheckpointStore(temporary.url, keeping: 2)
    try store.save(step: 1) { try writeExample(into: $0, step: 1, bytes: 300_000) }

    let unknown = #expect(throws: CheckpointError.self) {
      try store.save(step: 2) { try writeExample(into: $0, step: 2, bytes: 2_000_000) }
    }
    #expect(unknown?.description.contains("step-000002: the disk is full") == true)

    let known = #expect(throws: CheckpointError.self) {
      try store.save(step: 2, bytes: 2_000_000) { _ in Issue.record("it wrote") }
    }
    #expect(known?.description.contains("needs 2.0 MB, and") == true)
    #expect(try store.newest().checkpoint.step == 1)
    #expect(!temporary.names.contains { $0.hasPrefix(".") })
  }

  private static let canMount: Bool = {
    guard let temporary = try? TemporaryFolder(), mountMegabyte(at: temporary.url) else {
      return false
    }
    return umount2(temporary.url.path, 2) == 0
  }()

  /// Mounts a disk of one megabyte, in memory.
  private static func mountMegabyte(at folder: URL) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/mount")
    process.arguments = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
