import Checkpoints
import Foundation
import JSON
import Models
import Objectives
import Optimizers
import Tensors

/// A way of training that goes step by step and can be stopped between two of them.
public protocol Trainer: AnyObject {
  var model: Transformer { get }
  var optimizer: AdamW { get }
  /// - Throws: ``RefusedStep`` where a loss or a gradient is not finite.
  func step(_ index: Int) throws -> StepReport
  /// What besides weights and moments decides how the run goes on.
  var state: JSONLiteral { get }
  /// - Parameter file: where `state` was read, for errors.
  func restore(_ state: JSON, from file: URL) throws
}

/// Everything that a run goes on from, as files of a folder: `model/`, `optimizer.safetensors`,
/// `state.json`.
public struct TrainingState {
  static let optimizerName = "optimizer.safetensors"
  static let stateName = "state.json"

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
    ]
    try AtomicFile.write(
      state.serialized(indent: 2) + "\n", to: folder.appending(path: stateName))
  }

  /// Puts a saved state back into `trainer`, whose model was loaded from the same folder.
  ///
  /// - Throws: ``StateError`` for a state that is not the checkpoint's.
  static func restore(_ trainer: any Trainer, from checkpoint: Checkpoint) throws {
    let place = checkpoint.folder.appending(path: stateName)
    let state = try JSON(contentsOf: place)
    let step = try state["step"].requireCount(in: place)
    guard step == checkpoint.step else {
      throw StateError(
        file: place, reason: "is the state after step \(step); give its folder that name again")
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
    let updates = try state["updates"].requireCount(in: place)
    try trainer.optimizer.restore(step: updates, state: moments)
    try trainer.restore(state["trainer"], from: place)
  }
}

/// What is wrong with a checkpoint's `state.json`.
struct StateError: Error, CustomStringConvertible {
  let file: URL
  let reason: String
  var description: String { "\(file.path): \(reason)" }
}

extension JSON {
  /// A number of things that were done; no run does more than this.
  fileprivate func requireCount(in file: URL) throws -> Int {
    let count = try requireInt()
    guard (0...1 << 40).contains(count) else {
      throw StateError(
        file: file, reason: "counts \(count), which no run comes to; use an earlier checkpoint")
    }
    return count
  }
}

extension GRPOTrainer: Trainer {
  public var model: Transformer { policy.model }

  public var state: JSONLiteral {
    [
      "prompts_drawn": .int(promptsDrawn),
      "kl_coefficient": klController.map { .double($0.coefficient) } ?? .null,
    ]
  }

  public func restore(_ state: JSON, from file: URL) throws {
    promptsDrawn = try state["prompts_drawn"].requireCount(in: file)
    if let controller = klController, let coefficient = state["kl_coefficient"].double {
      klController = AdaptiveKL(
        coefficient: coefficient, target: controller.target, horizon: controller.horizon)
    }
  }
}
