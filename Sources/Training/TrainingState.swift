import Checkpoints
import Detectors
import EntropyControl
import Foundation
import JSON
import Models
import Optimizers
import Tensors

/// Everything that a run goes on from, as files of a folder: `model/`, `optimizer.safetensors`,
/// `state.json` and, for each plugin that remembers, `plugins/<name>` or `detectors/<name>`.
enum TrainingState {
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"
  static let pluginsName = "plugins"
  static let detectorsName = "detectors"

  /// Writes the state after `step` steps.
  ///
  /// - Parameter writeModel: writes the model's folder: weights in float32, tokenizer and all.
  static func write(
    _ trainer: any Trainer, step: Int, into folder: URL, writeModel: (URL) throws -> Void
  ) throws {
    try trainer.optimizer.requireFiniteWeights()
    try writeModel(folder.appending(path: "model"))
    let moments = trainer.optimizer.state.map { moment in
      Safetensors.Tensor(name: moment.name, shape: moment.shape, base: moment.values.pointer)
    }
    try Safetensors.write(
      moments, as: .float32, to: folder.appending(path: optimizerName))
    let state: JSONLiteral = [
      "step": .int(step), "updates": .int(trainer.optimizer.step), "trainer": trainer.state,
      "plugins": .array(trainer.interventions.members.map { .string($0.name) }),
      "detectors": .array(trainer.watch.detectors.members.map { .string($0.name) }),
      "detection": trainer.watch.record,
    ]
    try trainer.interventions.remembering.save(into: folder.appending(path: pluginsName))
    try trainer.watch.detectors.remembering.save(into: folder.appending(path: detectorsName))
    try AtomicFile.write(
      state.serialized(indent: 2) + "\n", to: folder.appending(path: stateName))
  }

  /// Puts a saved state back into `trainer`, whose model was loaded from the same folder.
  ///
  /// - Throws: ``StateError`` for a state that is not the checkpoint's, ``OptimizerError`` where the moments are of another model, a `JSONError` or
  ///   ``ModelFileError`` where a file cannot be read.
  static func restore(_ trainer: any Trainer, from checkpoint: Checkpoint) throws {
    let place = checkpoint.folder.appending(path: stateName)
    let state = try JSON(contentsOf: place)
    let step = try state["step"].requireCount()
    guard step == checkpoint.step else {
      throw StateError(
        "\(place.path): is the state after step \(step); give its folder that name again")
    }
    let file = try SafetensorsFile(checkpoint.folder.appending(path: optimizerName))
    var moments: [String: Storage<Float>] = [:]
    for moment in trainer.optimizer.state {
      let values = Storage<Float>(moment.values.count, zeroed: false)
      try file.read(
        moment.name,
        into: UnsafeMutableBufferPointer(start: values.pointer, count: values.count))
      moments[moment.name] = values
    }
    try trainer.optimizer.restore(step: state["updates"].requireCount(), state: moments)
    try trainer.interventions.remembering.restore(
      state["plugins"], from: checkpoint.folder.appending(path: pluginsName), kind: "entropy")
    try trainer.watch.detectors.remembering.restore(
      state["detectors"], from: checkpoint.folder.appending(path: detectorsName),
      kind: "detector")
    if !state["detection"].isNull { try trainer.watch.restore(state["detection"]) }
    try trainer.restore(state["trainer"])
  }

  /// Puts a trainer that goes on back to a checkpoint of its own run, weights and all.
  static func goBack(_ trainer: any Trainer, to checkpoint: Checkpoint) throws {
    let folder = try ModelFolder(checkpoint.model)
    for slot in trainer.optimizer.parameters {
      try folder.weights.read(
        slot.name,
        into: UnsafeMutableBufferPointer(start: slot.value.pointer, count: slot.value.count))
    }
    trainer.model.refreshComputeCopy()
    let ledger = trainer.watch.ledger
    try restore(trainer, from: checkpoint)
    trainer.watch.ledger = ledger  // it counts this
  }
}

/// A plugin whose memory goes through checkpoints.
private struct Remembering {
  let name: String
  let save: () throws -> Data?
  let restore: (Data) throws -> Void
}

extension InterventionSet {
  fileprivate var remembering: [Remembering] {
    members.map { member in
      Remembering(name: member.name, save: member.saveState, restore: member.restoreState)
    }
  }
}

extension DetectorSet {
  fileprivate var remembering: [Remembering] {
    members.map { member in
      Remembering(
        name: member.name, save: member.detector.saveState, restore: member.detector.restoreState)
    }
  }
}

extension [Remembering] {
  /// Writes what they remember, a file each.
  fileprivate func save(into folder: URL) throws {
    for member in self {
      guard let state = try member.save() else { continue }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try state.write(to: folder.appending(path: member.name))
    }
  }

  /// Puts back what they remembered.
  ///
  /// - Parameters:
  ///   - names: of those that took part when it was written.
  ///   - kind: the word for them.
  /// - Throws: ``StateError`` where others take part now, or one refuses its state.
  fileprivate func restore(_ names: JSON, from folder: URL, kind: String) throws {
    let saved = try (names.array ?? []).map { try $0.requireString() }
    func list(_ names: [String]) -> String {
      names.isEmpty ? "none" : names.joined(separator: ", ")
    }
    guard saved == map(\.name) else {
      throw StateError(
        """
        \(names.path): the checkpoint is of a run with the \(kind) plugins \(list(saved)), and \
        this one has \(list(map(\.name))); name the same ones, or start a new run from the \
        checkpoint's model
        """)
    }
    for member in self {
      let file = folder.appending(path: member.name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      do {
        try member.restore(Data(contentsOf: file))
      } catch {
        throw StateError(
          "\(file.path): the plugin cannot go on from it: \(error); use the plugin that wrote it")
      }
    }
  }
}

/// What is wrong with a checkpoint's `state.json`, or a plugin's state beside it.
struct StateError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension JSON {
  /// How often something was done in a run.
  func requireCount() throws -> Int {
    let count = try requireInt()
    guard (0...1 << 40).contains(count) else {
      throw StateError("\(path) is \(count), which no run comes to; use an earlier checkpoint")
    }
    return count
  }
}
