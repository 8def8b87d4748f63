import Datasets
import Detectors
import EmbeddedTask
import EntropyControl
import Foundation
import Metrics
import Models
import Optimizers
import PluginHost
import Rollouts
import Tensors
import Trajectories
import Verifiers

@testable import Commands
@testable import Training

/// A run of GRPO on the embedded task in which something goes wrong.
struct FaultyRun {
  var fault: FaultKind?
  /// As behind `--detector`.
  var detectors: [String] = []
  var defaults = DetectorDefaults.standard
  var steps = 40
  /// The first step that the fault is in.
  var faultStep = 21
  var prompts = 16
  var groupSize = 8
  var seed: UInt64 = 0

  /// What became of it.
  struct Outcome {
    /// What each detector found first, from the fault on, with its step.
    var found: [(detector: String, step: Int, reason: String)] = []
    /// Findings before the fault.
    var alarmsBefore: [String] = []
    /// Actions beyond a warning.
    var done: [(step: Int, detector: String, action: String)] = []
    var refusals: [String] = []
    /// Why it ended before its last step; empty where it did not.
    var end = ""
    /// Of held-out problems, greedy.
    var accuracy = 0.0
    /// Of each step's rollout.
    var rewards: [Double] = []
  }

  func run() throws -> Outcome {
    let task = try EmbeddedRun(self)
    var outcome = Outcome()
    var refusals = 0
    var step = 0
    while step < steps, outcome.end.isEmpty {
      step += 1
      task.clock.step = step
      do {
        let report = try task.trainer.step(step)
        refusals = 0
        outcome.rewards.append(report.metrics["reward/mean"] ?? .nan)
      } catch let refused as RefusedStep {
        outcome.refusals.append("step \(step): \(refused.reason)")
        outcome.rewards.append(.nan)
        refusals += task.trainer.watch.wentBack == nil ? 1 : 0
        if refusals == TrainingRun.maximumRefusals { outcome.end = "refused at step \(step)" }
      } catch {
        outcome.end = "ended at step \(step): \(error)"
      }
      outcome.add(task.trainer.watch, faultStep: fault == nil ? steps + 1 : faultStep)
      if task.trainer.watch.action.kind == .stop { outcome.end = "stopped at step \(step)" }
    }
    outcome.accuracy = (try? task.accuracy()) ?? 0
    return outcome
  }
}

extension FaultyRun.Outcome {
  fileprivate mutating func add(_ watch: Watch, faultStep: Int) {
    for detection in watch.detections where !detection.isNothing {
      if detection.step < faultStep {
        alarmsBefore.append(detection.message)
      } else if !found.contains(where: { $0.detector == detection.detector }) {
        found.append((detection.detector, detection.step, detection.finding.reason))
      }
      if detection.done.kind > .warn {
        done.append((detection.step, detection.detector, detection.done.kind.rawValue))
      }
    }
  }
}

/// The step under way, for those who are not told.
final class Clock: @unchecked Sendable {
  var step = 0
}

/// The embedded task put together as `temper grpo` does it, with places for a fault.
private final class EmbeddedRun {
  let clock = Clock()
  let trainer: GRPOTrainer
  private let model: LoadedModel
  private let heldOut: [Prompt]
  private let verifiers: VerifierSet

  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  init(_ run: FaultyRun) throws {
    func load() throws -> LoadedModel {
      try LoadedModel(
        Self.package.appending(path: "models/arithmetic").path, trainable: true,
        longestSequence: 128)
    }
    model = try load()
    let format = try DataConfiguration().format(for: model)
    func prompts(_ count: Int, _ split: ArithmeticTask.Split, seed: UInt64) throws -> PromptSequence
    {
      let file = FileManager.default.temporaryDirectory.appending(
        path: "\(UUID().uuidString).jsonl")
      FileManager.default.createFile(atPath: file.path, contents: nil)
      defer { try? FileManager.default.removeItem(at: file) }
      let task = try ArithmeticTask(seed: seed)
      try task.writeProblems(count, split: split, to: FileHandle(forWritingTo: file))
      var data = DataConfiguration()
      data.path = file.path
      return try PromptSequence(
        data.dataset(), format: format, options: data.options, seed: run.seed)
    }
    heldOut = try prompts(256, .test, seed: 1).all()
    verifiers = try ReadyVerifiers(
      [PluginChoice(settingText: "arithmetic")!], folders: [], seed: 0
    ).set
    let ready = try ReadyDetectors(
      run.detectors.map { PluginChoice(settingText: $0)! }, defaults: run.defaults, folders: [],
      seed: 0, tokenizer: model.tokenizer)
    var settings = GRPOSettings()
    settings.steps = run.steps
    settings.rollout.promptsPerStep = run.prompts
    settings.rollout.groupSize = run.groupSize
    settings.rollout.sampling.maximumNewTokens = 24
    settings.rollout.sampling.seed = run.seed
    settings.rollout.sampling.endTokens = model.endTokens
    settings.optimizer.learningRate = 1e-4
    settings.optimizer.warmup = 10
    let policy = Policy(model.transformer, temperature: 1, memory: settings.memory)
    let fault = run.fault
    let first = run.faultStep
    let stale = fault == .staleSampler ? try load() : nil
    let engine = RolloutEngine(
      model: (stale ?? model).transformer, tokenizer: model.tokenizer)
    var watch = Watch.Settings()
    watch.snapshotEvery = 5
    trainer = try GRPOTrainer(
      settings: settings, policy: policy, reference: nil, engine: engine,
      prompts: FaultyPrompts(
        prompts: try prompts(4000, .train, seed: 2), fault: fault, first: first, clock: clock,
        trained: model.transformer, sampled: stale?.transformer),
      verifiers: VerifierSet([
        .init(
          FaultyVerifier(
            inner: verifiers.members[0].verifier, fault: fault, first: first, clock: clock))
      ]),
      interventions: fault == .entropyToZero
        ? InterventionSet([Sharpen(first: first, clock: clock)]) : .none,
      watch: Watch(ready.set, settings: watch))
    switch fault {
    case .rate(let factor): trainer.fault.rate = { $0 == first ? factor : 1 }
    case .gradientNaN:
      trainer.fault.gradients = { step, slots in
        if step == first { slots[slots.count / 2].gradient[7] = .nan }
      }
    default: break
    }
  }

  /// The share of held-out problems that greedy completions answer.
  func accuracy() throws -> Double {
    var sampling = SamplingSettings()
    sampling.temperature = 0
    sampling.maximumNewTokens = 24
    sampling.endTokens = model.endTokens
    let groups = try RolloutEngine(model: model.transformer, tokenizer: model.tokenizer).sample(
      heldOut, samples: 0..<1, settings: sampling, step: 0)
    let verdicts = verifiers.score(groups).groups.flatMap(\.judgements).map(\.verdict)
    return Double(verdicts.count { $0 == .right }) / Double(verdicts.count)
  }
}

/// What can go wrong.
enum FaultKind: Equatable {
  /// One step's learning rate, times a factor.
  case rate(Double)
  /// One step of prompts without sense, whose rewards are turned upside down.
  case poisonedBatch
  /// One number of one gradient.
  case gradientNaN
  /// From here on every completion earns 1.
  case constantReward
  /// From here on the sampler keeps its weights.
  case staleSampler
  /// From here on the verifier fails on three completions of four.
  case failingVerifier
  /// From here on the loss rewards certainty.
  case entropyToZero

  static let all: [FaultKind] = [
    .rate(100), .rate(10_000), .poisonedBatch, .gradientNaN, .constantReward, .staleSampler,
    .failingVerifier, .entropyToZero,
  ]

  var title: String {
    switch self {
    case .rate(let factor): "learning rate x \(Int(factor))"
    case .poisonedBatch: "a poisoned batch"
    case .gradientNaN: "a NaN in one gradient"
    case .constantReward: "a reward that becomes constant"
    case .staleSampler: "a sampler with stale weights"
    case .failingVerifier: "a verifier that starts failing"
    case .entropyToZero: "entropy pushed to 0"
    }
  }
}

private struct FaultyPrompts: PromptSource {
  let prompts: PromptSequence
  let fault: FaultKind?
  let first: Int
  let clock: Clock
  let trained: Transformer
  /// The sampler's own model, where it has one.
  let sampled: Transformer?

  func prompts(from start: Int, count: Int, copies: Int) throws -> [Prompt] {
    if let sampled, clock.step < first {
      for (own, master) in zip(sampled.parameters, trained.parameters) {
        own.value.pointer.update(from: master.value.pointer, count: own.value.count)
      }
      sampled.refreshComputeCopy()
    }
    let all = try prompts.prompts(from: start, count: count, copies: copies)
    guard fault == .poisonedBatch, clock.step == first else { return all }
    let random = CounterRandom(seed: 5, purpose: .check)
    return all.enumerated().map { index, prompt in
      let ids = prompt.tokens.indices.map {
        Int32(3 + random.integer(below: trained.allowedIds - 3, index, $0))
      }
      return Prompt(
        id: prompt.id, index: prompt.index, tokens: ids, text: prompt.text, row: prompt.row)
    }
  }
}

private struct FaultyVerifier: Verifier {
  let inner: any Verifier
  let fault: FaultKind?
  let first: Int
  let clock: Clock
  var name: String { inner.name }

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    let judged = inner.judge(samples)
    switch fault {
    case .poisonedBatch where clock.step == first:
      return judged.map { Judgement($0.verdict, reward: $0.reward.map { 1 - $0 }) }
    case .constantReward where clock.step >= first:
      return judged.map { _ in Judgement(.right, reward: 1) }
    case .failingVerifier where clock.step >= first:
      return zip(samples, judged).map { sample, judgement in
        sample.tokens.reduce(0) { $0 &+ $1 } % 4 == 0 ? judgement : .failed("the judge is away")
      }
    default: return judged
    }
  }
}

/// Rewards certainty from a step on.
private final class Sharpen: EntropyIntervention {
  let name = "sharpen"
  let needs = InterventionNeeds()
  let first: Int
  let clock: Clock

  init(first: Int, clock: Clock) { (self.first, self.clock) = (first, clock) }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) -> [Bool] {
    if clock.step >= first { shaping.entropyCoefficient = -1 }
    return []
  }
  func observe(_ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>) -> [UInt8] { [] }
  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) -> TokenAdditions { TokenAdditions(count: run.count) }
  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double { 0 }
  func takeMetrics() -> StepMetrics { StepMetrics() }
  func takeColumns() -> [TokenColumn] { [] }
  func saveState() -> Data? { nil }
  func restoreState(_ state: Data) {}
}
