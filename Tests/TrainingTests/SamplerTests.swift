import Models
import Testing
import Trajectories

@testable import Training

/// Rollouts by a sampler that is not quite the policy.
@Suite struct SamplerTests {
  private func trainer(_ task: ToyTask, _ model: Transformer, apart: Bool) throws -> GRPOTrainer {
    let sampler = apart ? Transformer(samplingFor: model, weightType: .int8) : model
    return try GRPOTrainer(
      settings: task.settings, policy: task.policy(model), reference: nil,
      engine: task.engine(sampler), prompts: ToyPrompts(),
      verifiers: .init([.init(ToyVerifier())]))
  }

  @Test func theOldPolicyIsTheTrainersAndTheBehaviourTheSamplers() throws {
    let task = try ToyTask()
    let model = try task.model()
    let report = try trainer(task, model, apart: true).step(1)
    let batch = try #require(report.batch)
    var scored = batch
    // The weights have moved on by one update; those of the start are a new model's.
    try task.policy(task.model()).evaluate(&scored)
    #expect(batch.oldLogprobs == scored.logprobs && batch.oldEntropies == scored.entropies)
    #expect(batch.behaviourLogprobs != batch.oldLogprobs)
    #expect(report.metrics["policy/forward_gap"] == 0)
    let (mean, most) = (report.metrics["sampler/gap_mean"]!, report.metrics["sampler/gap_max"]!)
    #expect(mean > 0 && mean < most && most < 0.5)
    #expect(report.metrics["sampler/kl"]! > 0)
    #expect(report.metrics["policy/max_behaviour_gap"] == most)
  }

  @Test func theSamplerFollowsEveryUpdate() throws {
    let task = try ToyTask()
    let model = try task.model()
    let trainer = try trainer(task, model, apart: true)
    for step in 1...4 {
      // A rate this high moves logits by far more than rounding does.
      let report = try trainer.step(step)
      #expect(report.metrics["sampler/gap_mean"]! < 0.1, "step \(step)")
    }
  }

  @Test func aSamplerThatIsThePolicyIsNotMeasured() throws {
    let task = try ToyTask()
    let report = try trainer(task, task.model(), apart: false).step(1)
    #expect(report.metrics["sampler/kl"] == nil && report.metrics["time/rescore"] == nil)
    let batch = try #require(report.batch)
    #expect(batch.behaviourLogprobs == batch.oldLogprobs)
  }
}
