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
    /// Nats, of each step that was learned from.
    var entropies: [Double] = []
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
        outcome.entropies += report.metrics["policy/entropy"].map { [$0] } ?? []
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
      try Data().write(to: file)
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
