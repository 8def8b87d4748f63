import EntropyControl
import Environments
import Foundation
import JSON
import Models
import Rollouts
import Testing
import Tokenizers
import Trajectories
import Verifiers

@testable import Training

/// Steps whose completions an environment answers.
@Suite struct EpisodeTrainingTests {
  /// Says two digits after every turn but the third; a turn pays by its characters.
  private final class Digits: Environment {
    let name = "digits"
    let world = World()
    let failing: @Sendable (UInt64) -> Bool

    init(failing: @escaping @Sendable (UInt64) -> Bool = { _ in false }) { self.failing = failing }

    struct Fault: Error, CustomStringConvertible { let description = "it fell over" }

    func begin(_ task: EpisodeTask) throws -> any Episode { Talk(task, failing(task.seed)) }

    private final class Talk: Episode {
      let opening: [JSONLiteral]
      let fails: Bool
      init(_ task: EpisodeTask, _ fails: Bool) {
        opening = [["role": "user", "content": .string("\(task.seed)=")]]
        self.fails = fails
      }
      func step(_ turn: ModelTurn) throws -> Transition {
        if fails, turn.number == 1 { throw Fault() }
        let sum = turn.text.utf8.reduce(0) { $0 + Int($1) }
        return Transition(
          ending: turn.number == 2 ? (sum % 2 == 0 ? .succeeded : .missed) : nil,
          reward: Double(sum % 3), isVoid: sum % 5 == 0,
          messages: [["role": "user", "content": .string("\(10 + sum % 90)")]])
      }
      func expertTurn() throws -> String? { nil }
    }
  }

  private struct Tasks: PromptSource {
    let episodes: EpisodeSettings
    let tokenizer: Tokenizer
    func prompts(from first: Int, count: Int, copies: Int) -> [Prompt] {
      (first..<first + count).map {
        episodes.prompt(id: "t\($0)", index: $0, row: nil, seed: UInt64($0), tokenizer)
      }
    }
  }

  private func tokenizer() throws -> Tokenizer {
    let vocabulary = (0..<ToyTask.allowed).map { id in
      let character = String(UnicodeScalar(UInt8(48 + id)))
      return "\(JSONLiteral.string(character).serialized()): \(id)"
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    try
      "{\"model\": {\"type\": \"BPE\", \"vocab\": {\(vocabulary.joined(separator: ", "))}, \"merges\": []}}"
      .write(to: file, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try Tokenizer(file: file)
  }

  private func trainer(
    _ task: ToyTask, _ environment: any Environment = Digits(),
    _ interventions: [any EntropyIntervention] = [], verifiers: VerifierSet? = nil
  ) throws -> GRPOTrainer {
    let model = try task.model()
    let tokenizer = try tokenizer()
    var episodes = EpisodeSettings(
      environment,
      format: ConversationFormat { messages, _, _ in
        messages.map { message in
          guard case .string(let text)? = message["content"] else { return "" }
          return ":\(text);"
        }.joined() + ">"
      })
    episodes.maximumTokens = 48
    return try GRPOTrainer(
      settings: task.settings, policy: task.policy(model), reference: nil,
      engine: RolloutEngine(model: model, tokenizer: tokenizer),
      prompts: Tasks(episodes: episodes, tokenizer: tokenizer), verifiers: verifiers,
      episodes: episodes, interventions: InterventionSet(interventions))
  }

  @Test func aStepLearnsFromWhatTheModelWroteAndTheRatioIsOneToTheBit() throws {
    let trainer = try trainer(ToyTask())
    let before = trainer.model.weightBits
    let report = try trainer.step(1)
    let trajectories = report.groups.flatMap(\.group.trajectories)
    let written = trajectories.reduce(0) { $0 + $1.length }
    #expect(report.metrics["policy/tokens"] == Double(written))
    #expect(report.metrics["rollout/tokens"] == Double(written))
    #expect(trajectories.reduce(0) { $0 + $1.tokens.count } > written)
    #expect(report.metrics["policy/forward_gap"] == 0)
    #expect(report.metrics["policy/max_log_ratio"] == 0)
    #expect(report.metrics["environment/turns_mean"] == 3)
    #expect(report.metrics["environment/tool_tokens"] == 4)
    #expect(report.metrics["environment/failed"] == 0)
    let rewards = trajectories.map { $0.episode!.turns.reduce(0) { $0 + $1.reward } }
    #expect(report.groups.flatMap(\.rewards).map { Double($0!) } == rewards)
    #expect(report.metrics["verifier/right"] == nil)
    #expect(trainer.model.weightBits != before)
  }

  @Test func scoresAreZeroWhereTheModelIsNotTheAuthor() throws {
    let trainer = try trainer(ToyTask())
    let prompts = try trainer.prompts.prompts(from: 0, count: 3, copies: 1)
    let groups = try trainer.engine.sample(
      prompts, samples: 0..<3, settings: trainer.settings.rollout.sampling, step: 1,
      episodes: trainer.episodes)
    var batch = TokenBatch(
      packing: groups.map { group in
        RewardedGroup(group: group, judgements: group.trajectories.map { $0.episode!.judgement })
      })
    let scores = try trainer.policy.score(batch)
    for t in 0..<batch.count {
      let isModels = batch.authors[t] == .model
      #expect(isModels == (scores.logprobs[t] != 0) && isModels == (scores.entropies[t] != 0))
    }
    #expect(scores.logprobs.map(\.bitPattern) == batch.oldLogprobs.map(\.bitPattern))
    let recorded = batch
    batch.logprobs = batch.logprobs.map { _ in 7 }
    try trainer.policy.evaluate(&batch, teaching: Array(0..<batch.sequenceCount))
    for t in 0..<batch.count where batch.authors[t] == .model {
      #expect(batch.logprobs[t].bitPattern == recorded.oldLogprobs[t].bitPattern)
    }
  }

  @Test func microBatchesChangeAnUpdateByRoundingAlone() throws {
    func weights(_ tokens: Int) throws -> [Float] {
      var task = try ToyTask()
      task.settings.memory.microBatchTokens = tokens
      let trainer = try trainer(task)
      _ = try trainer.step(1)
      return trainer.model.parameters.flatMap(\.gradient.array)
    }
    let (whole, parts) = try (weights(1 << 16), weights(60))
    let norm = whole.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let gap = zip(whole, parts).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }.squareRoot()
    #expect(norm > 0 && gap / norm < 1e-5)
  }

  @Test func anEpisodeThatFailsLeavesItsGroupAndIsCounted() throws {
    let trainer = try trainer(ToyTask(), Digits { $0 == 1 })
    let report = try trainer.step(1)
    #expect(report.metrics["environment/failed"] == 4)
    #expect(report.groups[1].rewards.allSatisfy { $0 == nil })
    let batch = try #require(report.batch)
    for s in 0..<batch.sequenceCount where batch.groups[s] == 1 {
      #expect(batch.mask[batch.range(s)].allSatisfy { $0 == 0 })
    }
    #expect(report.failureNote?.contains("the environment failed on 4 of 12") == true)
  }

  @Test func verifiersAddTheirRewardsToTheEnvironments() throws {
    let verifiers = VerifierSet([.init(ToyVerifier(), weight: 0.5)])
    let report = try trainer(ToyTask(), verifiers: verifiers).step(1)
    for rewarded in report.groups {
      for (trajectory, judgement) in zip(rewarded.group.trajectories, rewarded.judgements) {
        let own = trajectory.episode!.judgement
        let isToy = trajectory.modelTokens.reduce(0, +) % 3 == 0
        #expect(judgement.reward == own.reward! + (isToy ? 0.5 : 0))
        #expect(judgement.verdict == own.verdict)
      }
    }
    #expect(report.metrics["verifier/right"] != nil && report.metrics["environment/success"] != nil)
  }

  @Test func theEnvironmentsWordsHoldNoReturnBack() throws {
    var task = try ToyTask()
    task.settings.advantages.estimator = .reinforcePlusPlus
    let report = try trainer(task).step(1)
    let batch = try #require(report.batch)
    for s in 0..<batch.sequenceCount {
      // Without a discount every token of an episode has the same return.
      let advantages = Set(batch.scored(in: s).map { batch.advantages[$0].bitPattern })
      #expect(advantages.count == 1)
    }
    #expect(Set(batch.advantages).count > 2)
  }

  @Test func aLimitOfTokensIsTheEpisodes() throws {
    var task = try ToyTask()
    task.settings.reward.overlongBuffer = 40
    task.settings.reward.overlongFactor = 10
    let report = try trainer(task).step(1)
    for rewarded in report.groups {
      for (trajectory, judgement) in zip(rewarded.group.trajectories, rewarded.judgements) {
        // 10 turns of 9 tokens, at most 48 in all.
        let penalty = min(0, -(Double(trajectory.length) - 8) / 40 * 10)
        let own = Double(trajectory.episode!.judgement.reward!)
        #expect(abs(Double(judgement.reward!) - own - penalty) < 1e-5)
      }
    }
  }

  @Test func aRecordedStepKnowsWhoWroteWhat() throws {
    let report = try trainer(ToyTask()).step(1)
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    try RolloutRecord.lines(report, columns: true).write(
      to: file, atomically: true, encoding: .utf8)
    let (recorded, batch) = (try RecordedStep(contentsOf: file).batch, try #require(report.batch))
    #expect(recorded.authors == batch.authors && recorded.voidTurns == batch.voidTurns)
    #expect(recorded.turns == batch.turns && recorded.mask == batch.mask)
    let first = try JSON(
      parsing: String(RolloutRecord.lines(report, columns: false).split(separator: "\n")[0]))
    let segments = try first["segments"].requireArray()
    #expect(segments.filter { $0["author"].string == "model" }.count == 3)
    #expect(segments.reduce(0) { $0 + $1["tokens"].int! } == first["ids"].array!.count)
  }
}
