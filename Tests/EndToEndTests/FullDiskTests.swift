import Foundation
import Testing

/// A disk that fills up ends the run with one clear error, and what was saved goes on.
@Suite(.enabled(if: Temper.isPresent, Temper.absence), .serialized)
struct FullDiskTests {
  @Test(.enabled(if: canMount, "skipped: mounting a small disk takes root"))
  func aRunOnAFullDiskResumesOnceThereIsRoom() throws {
    let workshop = try Workshop()
    let disk = workshop.folder.appending(path: "disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    try #require(Self.mount(["-t", "tmpfs", "-o", "size=300k", "tmpfs", disk.path]))
    defer { _ = umount2(disk.path, 2) }  // MNT_DETACH
    let arguments = try replacing(workshop.grpo("run", steps: 12), ["--runs": disk.path])
    let outcome = try Temper.run(arguments)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("disk is full") || outcome.errors.contains("No space left"))
    #expect(outcome.errors.contains("go on with: temper grpo --resume"), "\(outcome.errors)")
    let run = RunFiles(folder: disk.appending(path: "run"))
    #expect(!run.checkpoints.isEmpty && !run.isSaving)

    // Full still, resuming says so and loses nothing.
    let saved = run.checkpoints
    let again = try Temper.run(["grpo", "--resume", run.folder.path])
    #expect(again.status == 1)
    #expect(run.checkpoints.starts(with: saved))

    try #require(Self.mount(["-o", "remount,size=8m", disk.path]))
    try Temper.succeed(["grpo", "--resume", run.folder.path])
    try Temper.succeed(workshop.grpo("whole", steps: 12))
    try expectSame(workshop.run("whole"), run)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aReportThatCannotBeWrittenIsAFailure() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "\"$0\" plugins list > /dev/full", Temper.binary!.path]
    shell.standardError = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
  }

  private static let canMount: Bool = {
    guard let workshop = try? Workshop(),
      mount(["-t", "tmpfs", "-o", "size=300k", "tmpfs", workshop.folder.path])
    else { return false }
    return umount2(workshop.folder.path, 2) == 0
  }()

  private static func mount(_ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/mount")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
