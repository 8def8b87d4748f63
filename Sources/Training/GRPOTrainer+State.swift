import JSON
import Models
import Objectives

extension GRPOTrainer: Trainer {
  public var model: Transformer { policy.model }

  public var state: JSONLiteral {
    [
      "prompts_drawn": .int(promptsDrawn),
      "kl_coefficient": klController.map { .double($0.coefficient) } ?? .null,
    ]
  }

  public func restore(_ state: JSON) throws {
    promptsDrawn = try state["prompts_drawn"].requireCount()
    if let controller = klController, let coefficient = state["kl_coefficient"].double {
      klController = AdaptiveKL(
        coefficient: coefficient, target: controller.target, horizon: controller.horizon)
    }
  }
}
