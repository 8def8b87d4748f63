import Foundation
import JSON
import Models
import Optimizers
import Tensors

/// Everything that a run goes on from, as files of a folder: `model/`, `optimizer.safetensors`,
/// `state.json`.
enum TrainingState {
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"

  /// Writes the state after `step` steps.
  ///
  /// - Parameter writeModel: writes the model's folder: weights in float32, tokenizer and all.
  static func write(
    _ trainer: any Trainer, step: Int, into folder: URL, writeModel: (URL) throws -> Void
  ) throws {
    try writeModel(folder.appending(path: "model"))
    let moments = trainer.optimizer.state.map { moment in
      Safetensors.Tensor(name: moment.name, shape: moment.shape, base: moment.values.pointer)
    }
    try Safetensors.write(
      moments, as: .float32, to: folder.appending(path: optimizerName))
    let state: JSONLiteral = [
      "step": .int(step), "updates": .int(trainer.optimizer.step), "trainer": trainer.state,
    ]
    try Data((state.serialized(indent: 2) + "\n").utf8).write(
      to: folder.appending(path: stateName))
  }

  /// Puts a saved state back into `trainer`, whose model was loaded from the same folder.
  ///
  /// - Throws: ``OptimizerError`` where the moments are of another model, a `JSONError` or
  ///   ``ModelFileError`` where a file cannot be read.
  static func restore(_ trainer: any Trainer, from folder: URL) throws {
    let state = try JSON(contentsOf: folder.appending(path: stateName))
    let file = try SafetensorsFile(folder.appending(path: optimizerName))
    var moments: [String: Storage<Float>] = [:]
    for moment in trainer.optimizer.state {
      let values = Storage<Float>(moment.values.count, zeroed: false)
      try file.read(
        moment.name,
        into: UnsafeMutableBufferPointer(start: values.pointer, count: values.count))
      moments[moment.name] = values
    }
    try trainer.optimizer.restore(step: state["updates"].requireInt(), state: moments)
    try trainer.restore(state["trainer"])
  }
}
