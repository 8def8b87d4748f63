import EntropyControl
import Foundation
import JSON
import Metrics
@testable import Models
import Testing
import Trajectories
import Verifiers

@testable import Training

/// Interventions in the optimizer step.
@Suite struct InterventionTests {
  @Test func whatIsObservedWhileSamplingIsTheCurrentPolicys() throws {
    let task = try ToyTask()
    let model = try task.model()
    let set = try InterventionSet([Tilt()])
    let sampled = try task.batch(model, set)
    var scored = sampled
    try task.policy(model).evaluate(&scored, observers: set.observers)
    #expect(scored.observed == sampled.observed)
    #expect(scored.logprobs == sampled.logprobs && scored.entropies == sampled.entropies)
    #expect(sampled.observed[1].values.contains { $0 != 0 })

    // Old rows stay when the policy moves on.
    model.parameters[0].value[5] += 0.1
    model.refreshComputeCopy()
    try task.policy(model).evaluate(&scored, observers: set.observers)
    #expect(scored.observed[0] == sampled.observed[0])
    #expect(scored.observed[1] != sampled.observed[1])
  }

  @Test(arguments: [1, 2])
  func aCoefficientOfZeroChangesNoBit(epochs: Int) throws {
    var task = try ToyTask()
    task.settings.updates.epochs = epochs
    func train(_ interventions: [any EntropyIntervention]) throws -> [[UInt32]] {
      let trainer = try task.trainer(nil, interventions)
      for step in 1...3 { _ = try trainer.step(step) }
      return trainer.model.weightBits
    }
    let plain = try train([])
    #expect(try train([Tilt(coefficient: 0)]) == plain)
    #expect(try train([Tilt(coefficient: 0.5)]) != plain)
  }

  @Test func aFirstUpdateNeedsNoSecondForward() throws {
    let task = try ToyTask()
    let trainer = try task.trainer(nil, [Tilt()])
    let report = try trainer.step(1)
    #expect(report.metrics["policy/forward_gap"] == 0)
    #expect(report.metrics["time/prepare"] == nil)
    #expect(report.metrics["time/rows"]! > 0 && report.metrics["time/interventions"]! > 0)
    let plain = try task.trainer().step(1)
    #expect(plain.metrics["time/rows"] == nil && plain.metrics["time/interventions"] == nil)
  }

  /// One micro-batch: the forward before `prepare` is the update's only one.
  @Test func aLaterUpdateGoesBackOnTheForwardBeforePrepare() throws {
    var task = try ToyTask()
    task.settings.updates.epochs = 2
    func passes(_ task: ToyTask) throws -> Int {
      let trainer = try task.trainer(nil, [Tilt()])
      let groups = try trainer.engine.sample(
        ToyPrompts().prompts(from: 0, count: 3), samples: 0..<4,
        settings: task.settings.rollout.sampling, step: 1 << 10)
      let sampling = trainer.model.passCount
      #expect(groups.count == 3)
      let report = try trainer.step(1)
      #expect(report.metrics["time/prepare"]! > 0)
      return trainer.model.passCount - 2 * sampling
    }
    #expect(try passes(task) == 2)
    task.settings.memory.microBatchTokens = 1
    #expect(try passes(task) == 3 * 12)
  }

  @Test func metricsAndColumnsReachTheRecords() throws {
    var task = try ToyTask()
    task.settings.updates.minibatches = 3
    let report = try task.trainer(nil, [Tilt("one"), Tilt("two")]).step(1)
    #expect(report.metrics["one/anchor"]! > 0)
    let batch = try #require(report.batch)
    let column = try #require(report.columns.first { $0.name == "two/weight" })
    #expect(column.values.count == batch.count && column.values.allSatisfy { $0 > 0.5 })
    let lines = RolloutRecord.lines(report, columns: true).split(separator: "\n")
    #expect(lines.count == batch.sequenceCount)
    for (sequence, line) in lines.enumerated() {
      let written = try JSON(parsing: String(line))["two/weight"].requireArray()
      #expect(written.map { Float($0.double!) } == Array(column.values[batch.range(sequence)]))
    }
    #expect(!RolloutRecord.lines(report, columns: false).contains("two/weight"))
  }

  @Test func rowsTeachWhereEveryGroupTies() throws {
    let task = try ToyTask()
    struct Same: Verifier {
      let name = "same"
      func judge(_ samples: [VerifierSample]) -> [Judgement] {
        samples.map { _ in Judgement(.right, reward: 1) }
      }
    }
    func step(_ interventions: [any EntropyIntervention]) throws -> StepMetrics {
      let model = try task.model()
      let trainer = try GRPOTrainer(
        settings: task.settings, policy: task.policy(model), reference: nil,
        engine: task.engine(model), prompts: ToyPrompts(),
        verifiers: VerifierSet([.init(Same())]), interventions: InterventionSet(interventions))
      return try trainer.step(1).metrics
    }
    #expect(try step([])["optimizer/skipped_tied"] == 1)
    #expect(try step([Tilt(coefficient: 0)])["optimizer/skipped_tied"] == 1)
    #expect(try step([RowsAlone()])["optimizer/skipped_tied"] == nil)
    #expect(try step([RowsAlone()])["optimizer/grad_norm"]! > 0)
  }

  // MARK: What goes wrong

  @Test func aNumberThatIsNotFiniteRefusesTheStepAndIsForgotten() throws {
    let task = try ToyTask()
    for breaking: @Sendable (inout Shaping) -> Void in [
      { $0.scalarLoss = .nan }, { $0.weights[0] = .infinity },
    ] {
      let tilt = Tilt(breaking: breaking)
      let trainer = try task.trainer(nil, [tilt])
      let weights = trainer.model.weightBits
      let refused = #expect(throws: RefusedStep.self) { try trainer.step(1) }
      #expect(refused?.reason.hasPrefix("tilt: the ") == true)
      #expect(trainer.model.weightBits == weights)
      #expect(tilt.remembered == Tilt.Memory())
      #expect(tilt.takeMetrics().isEmpty && tilt.takeColumns().isEmpty)
    }
  }

  @Test func aGradientThatIsNotFiniteIsNamed() throws {
    let trainer = try ToyTask().trainer(nil, [RowsAlone(value: .nan)])
    let weights = trainer.model.weightBits
    let refused = #expect(throws: RefusedStep.self) { try trainer.step(1) }
    #expect(refused?.reason.contains("for the row of token") == true)
    #expect(trainer.model.weightBits == weights)
  }

  @Test func aPluginThatFailsEndsTheRun() throws {
    struct Refusal: Error, CustomStringConvertible { let description = "no such quantile" }
    let tilt = Tilt { _ in throw Refusal() }
    let trainer = try ToyTask().trainer(nil, [tilt])
    let error = #expect(throws: InterventionError.self) { try trainer.step(1) }
    #expect(error?.description == "tilt: prepare failed: no such quantile")
    #expect(tilt.remembered == Tilt.Memory())
  }

  @Test func aKLTermWithoutAReferenceIsAnError() throws {
    let trainer = try ToyTask().trainer(nil, [Tilt { $0.klCoefficient = 0.1 }])
    let error = #expect(throws: InterventionError.self) { try trainer.step(1) }
    #expect(error?.description.contains("does not ask for the reference policy") == true)
  }
}

/// Pulls every trained row towards the first id, or gives `value`.
private final class RowsAlone: EntropyIntervention {
  let name = "rows"
  let needs = InterventionNeeds()
  let value: Float?

  init(value: Float? = nil) { self.value = value }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) -> [Bool] {
    batch.mask.map { $0 != 0 }
  }
  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    for v in row.logprobs.indices { gradient[v] += Float(coefficient) * exp(row.logprobs[v]) }
    gradient[0] += value ?? -Float(coefficient)
    return -coefficient * Double(row.logprobs[0])
  }
  func observe(_ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>) -> [UInt8] { [] }
  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) -> TokenAdditions { TokenAdditions(count: run.count) }
  func takeMetrics() -> StepMetrics { StepMetrics() }
  func takeColumns() -> [TokenColumn] { [] }
  func saveState() -> Data? { nil }
  func restoreState(_ state: Data) {}
}
