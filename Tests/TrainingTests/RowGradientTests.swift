import EntropyControl
import Kernels
@testable import Models
import Objectives
import Tensors
import Testing
import Trajectories

@testable import Training

/// The suites that change the pool of threads, which all share: one at a time.
@Suite(.serialized) enum SharedPool {}

extension SharedPool {
  /// The gradient of a whole update, from the loss of interventions down to the weights.
  @Suite struct RowGradientTests {
    /// A rollout, an update of the weights since, and what an intervention froze of it.
    private struct Problem {
      let task: ToyTask
      let model: Transformer
      let prepared: PreparedStep
      var batch: TokenBatch
      /// Without bounds, over which differences would stumble.
      let objective = {
        var objective = PolicyObjective()
        (objective.clipLow, objective.clipHigh) = (1, 1e6)
        return objective
      }()

      init(_ task: ToyTask) throws {
        self.task = task
        model = try task.model()
        let set = try InterventionSet([Tilt()])
        batch = try task.batch(model, set)
        // Some tokens are not trained on, and the policy has moved since they were sampled.
        for t in batch.mask.indices where t % 7 == 3 { batch.mask[t] = 0 }
        let random = CounterRandom(seed: 3, purpose: .check)
        for (tensor, parameter) in model.parameters.enumerated() {
          for index in 0..<parameter.value.count {
            parameter.value[index] += Float(0.01 * random.normal(tensor, index))
          }
        }
        model.refreshComputeCopy()
        try task.policy(model).evaluate(&batch, observers: set.observers)
        let objective = objective
        prepared = try set.prepare(
          StepPosition(step: 1, totalSteps: 1, rollout: 1, update: 1), &batch,
          objective.shaping(count: batch.count), coefficients: { objective.coefficients($0) })
      }

      /// The loss of the weights as they are, its gradient in the model.
      @discardableResult
      func loss(reusing kept: KeptPass? = nil) throws -> Double {
        let policy = task.policy(model)
        var batch = batch
        if kept == nil { try policy.evaluate(&batch) }
        let result = try objective.evaluate(
          batch, shaping: prepared.shaping, additions: prepared.additions(batch))
        model.zeroGradients()
        let report = try policy.gradients(batch, result, rows: prepared, reusing: kept)
        #expect(report.forwardGap == 0)
        return result.loss + report.rowLoss
      }
    }

    /// Statistics stay as they were frozen. Each tensor is compared in three directions.
    @Test(arguments: [nil, 4] as [Float?], [0.8, 1.5] as [Float])
    func gradientsMatchDifferencesOfTheWholeLoss(softcap: Float?, temperature: Float) throws {
      let problem = try Problem(ToyTask(softcap: softcap, temperature: temperature))
      try problem.loss()
      let gradients = problem.model.parameters.map(\.gradient.array)
      let random = CounterRandom(seed: 5, purpose: .check)
      let whole = problem.model.parameters.reduce(0) { $0 + $1.gradient.sumOfSquares }.squareRoot()
      for (tensor, parameter) in problem.model.parameters.enumerated() {
        let gradient = gradients[tensor]
        let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        try #require(norm > 0, "\(parameter.name) has no gradient")
        for trial in 0..<3 {
          let noise = gradient.indices.map { random.normal(tensor, $0, trial) }
          let noiseNorm = noise.reduce(0) { $0 + $1 * $1 }.squareRoot()
          let direction = zip(gradient, noise).map { Double($0) / norm + $1 / noiseNorm }
          let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
          let saved = parameter.value.array
          func loss(at distance: Double) throws -> Double {
            for index in saved.indices {
              parameter.value[index] = Float(Double(saved[index]) + distance * direction[index])
            }
            problem.model.refreshComputeCopy()
            return try problem.loss()
          }
          let step = 0.01
          let near = try loss(at: step) - loss(at: -step)
          let far = try loss(at: 2 * step) - loss(at: -2 * step)
          _ = try loss(at: 0)
          let found = (8 * near - far) / (12 * step)
          #expect(
            abs(found - expected) < 3e-3 * max(norm, 0.01 * whole),
            "\(parameter.name): \(found) by differences, \(expected) by the backward pass")
        }
      }
    }

    @Test func microBatchesChangeNothingBeyondRounding() throws {
      var task = try ToyTask()
      task.settings.memory.microBatchTokens = 1 << 20
      let whole = try Problem(task)
      let loss = try whole.loss()
      let expected = whole.model.parameters.map(\.gradient.array)
      for tokens in [100, 50, 1] {
        task.settings.memory.microBatchTokens = tokens
        let split = try Problem(task)
        #expect(try split.loss() == loss)
        for (parameter, expected) in zip(split.model.parameters, expected) {
          let (error, size) = zip(parameter.gradient.array, expected).reduce((0.0, 0.0)) {
            let difference = Double($1.0) - Double($1.1)
            return ($0.0 + difference * difference, $0.1 + Double($1.1) * Double($1.1))
          }
          #expect((error / size).squareRoot() < 1e-5, "\(parameter.name), \(tokens) tokens")
        }
      }
    }

    @Test func threadsChangeNoBit() throws {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      let found = try [1, 2, 3].map { threads in
        ThreadPool.resize(threads)
        let problem = try Problem(ToyTask(softcap: 4))
        return (loss: try problem.loss(), gradients: problem.model.gradientBits)
      }
      for other in found[1...] {
        #expect(other.loss == found[0].loss && other.gradients == found[0].gradients)
      }
    }

    @Test(arguments: [false, true])
    func aPassKeptFromTheEvaluationChangesNoBit(recompute: Bool) throws {
      var task = try ToyTask(softcap: 4)
      task.settings.memory.recompute = recompute
      var problem = try Problem(task)
      let loss = try problem.loss()
      let expected = problem.model.gradientBits
      let all = Array(0..<problem.batch.sequenceCount)
      let passes = problem.model.passCount
      let kept = try #require(
        try task.policy(problem.model).evaluate(&problem.batch, teaching: all))
      #expect(try problem.loss(reusing: kept) == loss)
      #expect(problem.model.gradientBits == expected)
      #expect(problem.model.passCount == passes + 1)
    }

    /// What is not expected to be taught is scored all the same, in a pass of its own.
    @Test func onlyTheTaughtSequencesAreKept() throws {
      let task = try ToyTask()
      let problem = try Problem(task)
      var (whole, part) = (problem.batch, problem.batch)
      for batch in [0, 1] {
        let set = try InterventionSet([Tilt()])
        if batch == 0 {
          try task.policy(problem.model).evaluate(&whole, observers: set.observers)
        } else {
          let kept = try task.policy(problem.model).evaluate(
            &part, observers: set.observers, teaching: [1, 4, 5])
          #expect(kept?.sequences == [1, 4, 5])
        }
      }
      #expect(whole.logprobs == part.logprobs && whole.entropies == part.entropies)
      #expect(whole.observed == part.observed)
    }
  }
}
