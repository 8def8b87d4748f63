import Environments
import Foundation
import JSON
import Models
import Testing
import Trajectories

@testable import Rollouts

/// Completions that an environment answers, turn by turn.
@Suite struct EpisodeTests {
  // MARK: What is sampled is what is trained

  @Test(arguments: Fixture.families)
  func anEpisodesColumnsAreThoseOfAFreshForwardOverAllOfIt(
    family: ModelConfiguration.Family
  ) throws {
    let fixture = try Fixture(family)
    let groups = try fixture.sample(.chatty())
    let trajectories = groups.flatMap(\.trajectories)
    #expect(trajectories.contains { $0.episode!.turns.count > 2 })
    for group in groups {
      for trajectory in group.trajectories {
        let written = trajectory.authors.indices.filter { trajectory.authors[$0] == .model }
        var pack = SequencePack()
        pack.append(prompt: group.prompt.tokens, completion: trajectory.tokens, scored: written)
        let scores = try fixture.model.score(pack)
        #expect(
          scores.logprobs.map(\.bitPattern)
            == written.map { trajectory.oldLogprobs[$0].bitPattern })
        #expect(
          scores.entropies.map(\.bitPattern) == written.map { trajectory.entropies[$0].bitPattern })
      }
    }
  }

  @Test func episodesDependOnNothingAroundThem() throws {
    let fixture = try Fixture(.gemma2)
    func sample(
      _ world: ScriptedWorld, workers: Int = 4, _ engine: RolloutEngine
    ) throws -> [[RecordedEpisode]] {
      let episodes = fixture.episodes(world, workers: workers)
      return try engine.sample(
        fixture.prompts(episodes), samples: 0..<6,
        settings: Fixture.settings { $0.maximumNewTokens = 9 }, step: 3, episodes: episodes
      ).map { $0.trajectories.map(RecordedEpisode.init) }
    }
    let expected = try sample(.chatty(), fixture.engine())
    #expect(Set(expected.joined().map(\.episode.turns.count)).count > 2)
    for width in [1, 3, 64] {
      #expect(try sample(.chatty(), fixture.engine(width: width)) == expected)
    }
    for rows in [1, 7] {
      #expect(try sample(.chatty(), fixture.engine(width: 3, prefillRows: rows)) == expected)
    }
    #expect(try sample(.chatty(), workers: 1, fixture.engine()) == expected)
    // A prompt of 9 ids, an episode of 96: the least that works, and a little more.
    let one = (9 + 15) / 16 + 96 / 16 + 1
    for pages in [one, one + 3, 3 * one] {
      let engine = fixture.engine(cacheBytes: pages * fixture.pageBytes)
      #expect(try sample(.chatty(), engine) == expected, "\(pages) pages")
    }
    // An environment that takes its time, now with this turn, now with that.
    let slow = ScriptedWorld.chatty { turn in Double(turn.text.utf8.count % 4) * 0.004 }
    for width in [1, 3, 64] { #expect(try sample(slow, fixture.engine(width: width)) == expected) }
  }

  @Test func othersGoOnWhileTheEnvironmentThinks() throws {
    // 15 episodes of 4 turns of 20 ms each are 1.2 s one after the other.
    let fixture = try Fixture(.qwen3)
    let world = ScriptedWorld { _, _ in
      Thread.sleep(forTimeInterval: 0.02)
      return Transition(messages: [["role": "user", "content": "GO"]])
    }
    let episodes = fixture.episodes(world, workers: 16)
    let begin = ContinuousClock.now
    _ = try fixture.engine(width: 16).sample(
      fixture.prompts(episodes), samples: 0..<3,
      settings: Fixture.settings { $0.maximumNewTokens = 3 }, step: 0, episodes: episodes)
    #expect(ContinuousClock.now - begin < .seconds(0.8))
  }

  // MARK: Who wrote what

  @Test func everyTokenHasItsAuthorAndTheModelsAloneHaveColumns() throws {
    let fixture = try Fixture(.qwen3)
    for trajectory in try fixture.sample(.chatty()).flatMap(\.trajectories) {
      let count = trajectory.tokens.count
      #expect(trajectory.authors.count == count && trajectory.oldLogprobs.count == count)
      for t in 0..<count {
        let isModels = trajectory.authors[t] == .model
        #expect(isModels == (trajectory.oldLogprobs[t] != 0))
        #expect(isModels == (trajectory.entropies[t] != 0))
        #expect(isModels == (trajectory.behaviourLogprobs[t] != 0))
      }
      let turns = trajectory.episode!.turns
      #expect(turns.flatMap(\.tokens) == (0..<count).filter { trajectory.authors[$0] == .model })
      #expect(trajectory.length == turns.reduce(0) { $0 + $1.tokens.count })
      // The tool's words are the environment's, what stands around them the template's.
      let answers = trajectory.episode!.segments.filter { $0.author == .environment }
      #expect(answers.count == turns.count - 1)
      #expect(answers.allSatisfy { $0.text.hasPrefix("SAW") && !$0.text.contains(";") })
      #expect(trajectory.episode!.segments.map(\.text).joined() == decoded(trajectory, fixture))
    }
  }

  private func decoded(_ trajectory: Trajectory, _ fixture: Fixture) -> String {
    fixture.tokenizer.decode(trajectory.tokens, skipSpecial: false)
  }

  @Test func onlyNewSegmentsAreEncodedAndTheModelsIdsStay() throws {
    let fixture = try Fixture(.qwen3)
    for trajectory in try fixture.sample(.patient(answer: "GO")).flatMap(\.trajectories) {
      let turns = trajectory.episode!.turns
      for (turn, next) in zip(turns, turns.dropFirst()) {
        let between = turn.tokens.upperBound..<next.tokens.lowerBound
        #expect(
          Array(trajectory.tokens[between])
            == fixture.tokenizer.encode(";U:GO;A:", addSpecialTokens: false))
        let (e, t) = (Author.environment, Author.template)
        #expect(Array(trajectory.authors[between]) == [t, t, t, e, e, t, t, t])
      }
    }
  }

  @Test func theBatchKnowsAuthorsTurnsAndVoidTurns() throws {
    let fixture = try Fixture(.qwen3)
    let groups = try fixture.sample(.chatty())
    let rewarded = groups.map { group in
      RewardedGroup(group: group, judgements: group.trajectories.map { $0.episode!.judgement })
    }
    let batch = TokenBatch(packing: rewarded)
    for (s, trajectory) in groups.flatMap(\.trajectories).enumerated() {
      let range = batch.range(s)
      #expect(Array(batch.authors[range]) == trajectory.authors)
      #expect(Array(batch.mask[range]) == trajectory.authors.map { $0 == .model ? 1 : 0 })
      #expect(
        batch.scored(in: s).map { $0 - range.lowerBound }
          == trajectory.episode!.turns.flatMap(\.tokens))
      for (number, turn) in trajectory.episode!.turns.enumerated() {
        for t in turn.tokens {
          #expect(batch.turns[range.lowerBound + t] == number)
          #expect(batch.voidTurns![range.lowerBound + t] == turn.isVoid)
        }
      }
    }
    #expect(batch.voidTurns!.contains(true) && batch.voidTurns!.contains(false))
  }

  @Test func whatIsObservedLinesUpWithTheTokens() throws {
    struct Note: RowObserver {
      let moment = LogprobRow.Moment.old
      let width = 1
      func observe(
        _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
      ) -> [UInt8] {
        floats[0] = row.logprob
        return [UInt8(row.token)]
      }
    }
    let fixture = try Fixture(.qwen3)
    let episodes = fixture.episodes(.chatty())
    let groups = try fixture.engine().sample(
      fixture.prompts(episodes), samples: 0..<2,
      settings: Fixture.settings { $0.maximumNewTokens = 9 }, step: 3, observers: [Note()],
      episodes: episodes)
    for trajectory in groups.flatMap(\.trajectories) {
      #expect(trajectory.observed[0].values == trajectory.oldLogprobs)
      for t in trajectory.tokens.indices {
        let isModels = trajectory.authors[t] == .model
        #expect(trajectory.observed[0].bytes[t] == (isModels ? [UInt8(trajectory.tokens[t])] : []))
      }
    }
  }

  // MARK: Budgets

  @Test func theBudgetOfTurnsEndsAnEpisodeAndTheEnvironmentIsTold() throws {
    let fixture = try Fixture(.qwen3)
    let world = ScriptedWorld.patient()
    let all = try fixture.sample(world, count: 2, turns: 3, tokens: 500).flatMap(\.trajectories)
    #expect(all.allSatisfy { $0.stop == .turns && $0.episode!.turns.count == 3 })
    // The last answer is not shown.
    #expect(all.allSatisfy { $0.authors.last == .model })
    #expect(all.allSatisfy { $0.episode!.judgement.verdict == .wrong })
    #expect(all.allSatisfy { $0.episode!.judgement.reward == 1.5 })
    world.asked.withLock { asked in
      #expect(asked.allSatisfy { $0.turn.isLast == ($0.turn.number == 2) })
    }
  }

  @Test func theEnvironmentMayHaveFewerTurns() throws {
    let world = ScriptedWorld.patient(World(turns: 2))
    let all = try Fixture(.qwen3).sample(world, turns: 4).flatMap(\.trajectories)
    #expect(all.allSatisfy { $0.stop == .turns && $0.episode!.turns.count == 2 })
  }

  @Test func theBudgetOfATurnCutsItAndTheEpisodeGoesOn() throws {
    let fixture = try Fixture(.qwen3)
    let world = ScriptedWorld.patient()
    let all = try fixture.sample(
      world, turns: 3, settings: Fixture.settings { ($0.maximumNewTokens, $0.endTokens) = (5, []) }
    ).flatMap(\.trajectories)
    for trajectory in all {
      #expect(trajectory.episode!.turns.map(\.tokens.count) == [5, 5, 5])
      #expect(trajectory.episode!.turns.allSatisfy { $0.stop == .length })
      #expect(trajectory.stop == .turns && trajectory.isTruncated)
    }
    let areCut = world.asked.withLock { $0.map(\.turn.isCut) }
    #expect(areCut.allSatisfy { $0 })
  }

  @Test func theBudgetOfTokensHoldsForAllThatStandsBehindThePrompt() throws {
    let fixture = try Fixture(.qwen3)
    let settings = Fixture.settings { ($0.maximumNewTokens, $0.endTokens) = (9, []) }
    // 9 of the model, 8 of the answer, 9 of the model, 8 of the answer.
    for (tokens, lengths) in [
      (4, [4]), (9, [9]), (17, [9]), (18, [9, 1]), (26, [9, 9]), (35, [9, 9, 1]),
    ] {
      let world = ScriptedWorld.patient()
      for trajectory in try fixture.sample(world, tokens: tokens, settings: settings)
        .flatMap(\.trajectories)
      {
        #expect(trajectory.episode!.turns.map(\.tokens.count) == lengths, "\(tokens) tokens")
        #expect(trajectory.stop == .episodeTokens)
        #expect(trajectory.tokens.count <= tokens)
        #expect(trajectory.authors.last == .model)
      }
      world.asked.withLock { asked in
        // Who can be told beforehand is told.
        let last = asked.filter { $0.turn.number == lengths.count - 1 }
        #expect(last.allSatisfy { $0.turn.isLast == (tokens != 17) })
      }
    }
  }

  @Test func stopStringsOfTheWorldEndATurnAndStayInIt() throws {
    let fixture = try Fixture(.qwen3)
    let world = ScriptedWorld.patient(World(stops: ["7", "A"]))
    let all = try fixture.sample(
      world, settings: Fixture.settings { ($0.maximumNewTokens, $0.endTokens) = (30, []) }
    ).flatMap(\.trajectories)
    let stopped = all.flatMap(\.episode!.turns).filter { $0.stop == .stopString }
    #expect(!stopped.isEmpty)
    world.asked.withLock { asked in
      for (_, turn) in asked where !turn.isCut {
        #expect(turn.text.hasSuffix("7") || turn.text.hasSuffix("A"))
        #expect(!turn.text.dropLast().contains { "7A".contains($0) })
      }
    }
  }

  // MARK: Endings

  @Test func anEndingBecomesAVerdictAndRewardsAddUp() throws {
    for (ending, verdict) in [
      (EpisodeEnding.succeeded, Verdict.right), (.missed, .wrong), (.outOfTurns, .wrong),
      (.malformed, .unparsable),
    ] {
      let world = ScriptedWorld { turn, _ in
        Transition(
          ending: turn.number == 1 ? ending : nil, reward: turn.number == 0 ? 0.25 : 0.5,
          messages: [["role": "user", "content": "GO"]])
      }
      for trajectory in try Fixture(.qwen3).sample(world).flatMap(\.trajectories) {
        #expect(trajectory.stop == .environment)
        #expect(trajectory.episode!.judgement.verdict == verdict)
        #expect(trajectory.episode!.judgement.reward == 0.75)
        #expect(trajectory.episode!.turns.map(\.reward) == [0.25, 0.5])
      }
    }
  }

  @Test func aFailureEndsItsEpisodeAlone() throws {
    let fixture = try Fixture(.qwen3)
    let sound = ScriptedWorld.patient()
    let world = ScriptedWorld { turn, task in
      if task.seed == 1, turn.number == 1 { throw ScriptedWorld.Fault() }
      if task.seed == 2 { return Transition(reward: .nan) }
      return Transition(reward: 0.5, messages: [["role": "user", "content": "GO"]])
    }
    let expected = try fixture.sample(sound)
    let groups = try fixture.sample(world)
    for (index, group) in groups.enumerated() {
      for (sample, trajectory) in group.trajectories.enumerated() {
        let judgement = trajectory.episode!.judgement
        if index == 1 {
          #expect(trajectory.stop == .failed && judgement == .failed("the scenery fell down"))
          #expect(trajectory.episode!.turns.count == 2)
        } else if index == 2 {
          #expect(judgement == .failed("it gives the reward nan"))
        } else {
          let other = expected[index].trajectories[sample]
          #expect(RecordedEpisode(trajectory) == RecordedEpisode(other))
        }
      }
    }
    // Failed episodes are no part of their groups.
    let batch = TokenBatch(
      packing: groups.map { group in
        RewardedGroup(group: group, judgements: group.trajectories.map { $0.episode!.judgement })
      })
    for s in 0..<batch.sequenceCount where [1, 2].contains(batch.groups[s]) {
      #expect(batch.mask[batch.range(s)].allSatisfy { $0 == 0 })
    }
  }

  @Test func aTaskWithoutAnOpeningFailsAndTheOthersAreSampled() throws {
    let fixture = try Fixture(.qwen3)
    let world = ScriptedWorld(refusesToBegin: { $0 == 3 }) { _, _ in
      Transition(ending: .missed)
    }
    let groups = try fixture.sample(world)
    #expect(groups[3].trajectories.allSatisfy { $0.tokens.isEmpty && $0.stop == .failed })
    #expect(
      groups[3].trajectories.allSatisfy {
        $0.episode!.judgement == .failed("the scenery fell down")
      })
    #expect(groups[2].trajectories.allSatisfy { !$0.tokens.isEmpty && $0.stop == .environment })
    let batch = TokenBatch(
      packing: groups.map { group in
        RewardedGroup(group: group, judgements: group.trajectories.map { $0.episode!.judgement })
      })
    #expect(batch.sequenceCount == 15)
  }

  @Test func anOpeningBeyondTheLimitSaysSo() throws {
    let fixture = try Fixture(.qwen3)
    var episodes = fixture.episodes(.patient())
    episodes.maximumPromptTokens = 8
    let prompt = episodes.prompt(id: "0", index: 0, row: nil, seed: 0, fixture.tokenizer)
    #expect(prompt.tokens.isEmpty)
    #expect(prompt.failure!.contains("has 10 tokens, more than data.max_prompt_tokens, 8"))
  }
}

/// All that an episode records, floats by their bits, the time that it took left out.
struct RecordedEpisode: Equatable {
  let recorded: Recorded
  let authors: [Author]
  let episode: EpisodeRecord

  init(_ trajectory: Trajectory) {
    recorded = Recorded(trajectory)
    authors = trajectory.authors
    var episode = trajectory.episode!
    episode.seconds = 0
    self.episode = episode
  }
}
