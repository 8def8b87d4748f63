import Checkpoints
import EntropyControl
import Foundation
import JSON
import Models
import Optimizers
import Tensors

/// Everything that a run goes on from, as files of a folder: `model/`, `optimizer.safetensors`,
/// `state.json` and, for each plugin that remembers, `plugins/<name>`.
enum TrainingState {
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"
  static let pluginsName = "plugins"

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
    ]
    try trainer.interventions.saveStates(into: folder.appending(path: pluginsName))
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
    try trainer.interventions.restoreStates(
      of: state["plugins"], from: checkpoint.folder.appending(path: pluginsName))
    try trainer.restore(state["trainer"])
  }
}

extension InterventionSet {
  /// Writes what members remember, a file each.
  fileprivate func saveStates(into folder: URL) throws {
    for member in members {
      guard let state = try member.saveState() else { continue }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try state.write(to: folder.appending(path: member.name))
    }
  }

  /// Puts back what members remembered.
  ///
  /// - Parameter names: of those that took part when it was written.
  /// - Throws: ``StateError`` where others take part now, or a member refuses its state.
  fileprivate func restoreStates(of names: JSON, from folder: URL) throws {
    let saved = try (names.array ?? []).map { try $0.requireString() }
    func list(_ names: [String]) -> String {
      names.isEmpty ? "none" : names.joined(separator: ", ")
    }
    guard saved == members.map(\.name) else {
      throw StateError(
        """
        \(names.path): the checkpoint is of a run with the entropy plugins \(list(saved)), and \
        this one has \(list(members.map(\.name))); name the same ones, or start a new run from the \
        checkpoint's model
        """)
    }
    for member in members {
      let file = folder.appending(path: member.name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      do {
        try member.restoreState(Data(contentsOf: file))
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
