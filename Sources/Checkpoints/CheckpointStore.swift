import Foundation

/// One checkpoint: a folder that holds all it takes to go on after `step` steps.
public struct Checkpoint: Equatable, Sendable {
  public let step: Int
  public let folder: URL

  /// The Hugging Face folder of the policy.
  public var model: URL { folder.appending(path: "model") }

  init(step: Int, in store: URL) {
    (self.step, folder) = (step, store.appending(path: RunFolder.stepName(step)))
  }

  init?(named name: String, in store: URL) {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)),
      RunFolder.stepName(step) == name
    else { return nil }
    self.init(step: step, in: store)
  }
}

/// The checkpoints of one run: `step-000050/` and its like, and `latest`, a link to the newest.
///
/// What a checkpoint holds is its writer's business. The store makes sure that it is whole: a
/// killed process loses the checkpoint being written and no other.
public struct CheckpointStore: Sendable {
  public let folder: URL
  /// How many of the newest checkpoints stay.
  public let keeping: Int

  public init(_ folder: URL, keeping: Int = 2) {
    precondition(keeping >= 1, "keeping \(keeping) checkpoints; a run needs at least 1")
    (self.folder, self.keeping) = (folder, keeping)
  }

  /// A link to the newest checkpoint, for people; ``newest()`` does not depend on it.
  public var latest: URL { folder.appending(path: "latest") }

  /// Saves a checkpoint, points `latest` to it, then removes those beyond ``keeping``.
  ///
  /// - Parameters:
  ///   - best: a step whose checkpoint stays however old it is.
  ///   - bytes: the size to come, where the caller knows it; otherwise that of the newest one.
  ///   - write: puts the files into the folder that it is given.
  /// - Throws: ``CheckpointError``, or what `write` threw. Everything saved before is untouched.
  @discardableResult
  public func save(
    step: Int, best: Int? = nil, bytes: Int? = nil, _ write: (URL) throws -> Void
  ) throws -> Checkpoint {
    let checkpoint = Checkpoint(step: step, in: folder)
    let previous = all().last.flatMap { try? Manifest(of: $0.folder).size }
    // Only a resumed run meets its own step again, and then this one was refused as broken.
    try remove(checkpoint)
    try AtomicFolder.create(checkpoint.folder, bytes: bytes ?? previous, write)
    try point(to: checkpoint)
    for old in all().dropLast(keeping) where old.step != best && old.step != step {
      try remove(old)
    }
    return checkpoint
  }

  /// Every checkpoint by its name, the oldest first, whole or not.
  public func all() -> [Checkpoint] {
    FileTree.names(in: folder).compactMap { Checkpoint(named: $0, in: folder) }
      .sorted { $0.step < $1.step }
  }

  /// The checkpoint of a step.
  /// - Throws: ``CheckpointError`` if it is not there or not whole.
  public func checkpoint(at step: Int) throws -> Checkpoint {
    let checkpoint = Checkpoint(step: step, in: folder)
    try Manifest(of: checkpoint.folder).verify(checkpoint.folder)
    return checkpoint
  }

  /// The newest checkpoint that is whole, and why newer ones were refused.
  ///
  /// Removes what a killed process left, and mends `latest`.
  /// - Throws: ``CheckpointError/noCheckpoint(folder:refused:)``.
  public func newest() throws -> (checkpoint: Checkpoint, refused: [String]) {
    try AtomicFolder.removeLeftovers(in: folder)
    var refused: [String] = []
    for candidate in all().reversed() {
      let checkpoint: Checkpoint
      do {
        checkpoint = try self.checkpoint(at: candidate.step)
      } catch {
        refused.append("\(error)")
        continue
      }
      try point(to: checkpoint)
      return (checkpoint, refused)
    }
    throw CheckpointError.noCheckpoint(folder: folder.path, refused: refused)
  }

  /// Mends `latest` without looking into the checkpoints.
  func pointToLast() throws {
    if let last = all().last { try point(to: last) }
  }

  private func point(to checkpoint: Checkpoint) throws {
    let name = checkpoint.folder.lastPathComponent
    guard (try? FileManager.default.destinationOfSymbolicLink(atPath: latest.path)) != name else {
      return
    }
    let temporary = folder.appending(path: AtomicFolder.temporaryName(of: latest))
    unlink(temporary.path)
    guard symlink(name, temporary.path) == 0 else {
      throw CheckpointError.system("link it to \(name)", temporary.path)
    }
    try FileTree.rename(temporary, to: latest)
    try FileTree.sync(folder)
  }

  /// Takes the name away first, so that a kill in between leaves no half of a checkpoint.
  private func remove(_ checkpoint: Checkpoint) throws {
    guard FileTree.isFolder(checkpoint.folder) else { return }
    let doomed = folder.appending(path: AtomicFolder.temporaryName(of: checkpoint.folder))
    try FileTree.rename(checkpoint.folder, to: doomed)
    try FileTree.remove(doomed)
  }
}
