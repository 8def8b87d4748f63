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
  func restore(_ state: JSON) throws
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

extension GRPOTrainer: Trainer {
  public var model: Transformer { policy.model }

  public var state: JSONLiteral {
    [
      "prompts_drawn": .int(promptsDrawn),
      "kl_coefficient": klController.map { .double($0.coefficient) } ?? .null,
    ]
  }

  public func restore(_ state: JSON) throws {
    promptsDrawn = try state["prompts_drawn"].requireInt()
    if let controller = klController, let coefficient = state["kl_coefficient"].double {
      klController = AdaptiveKL(
        coefficient: coefficient, target: controller.target, horizon: controller.horizon)
    }
  }
}
