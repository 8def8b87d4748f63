import Models
import Tensors
import Testing
import Trajectories

@testable import Rollouts

@Suite struct RolloutEngineTests {
  static let lengths = [1, 5, 16, 17, 32, 40, 3]

  // MARK: Scheduling

  /// Ends are spread out, and a group is always ready to step in.
  @Test(arguments: [1, 4, 9])
  func theBatchStaysFullWhileThereIsWork(groupSize: Int) throws {
    let fixture = try Fixture(.qwen3)
    let engine = fixture.engine(width: 8)
    let prompts = Fixture.prompts(Array(repeating: 6, count: 30))
    var finished = 0
    var run = try engine.begin(
      prompts, samples: 0..<groupSize, settings: Fixture.settings(), step: 0,
      onEvent: { if case .finished = $0 { finished += 1 } })
    try run.advance()
    var passes = 0
    var places = 0
    while finished + 20 < 30 * groupSize {
      #expect(run.active.count <= 8)
      places += run.active.count
      passes += 1
      try run.advance()
    }
    #expect(Double(places) > 0.95 * Double(8 * passes), "\(places) places in \(passes) passes")
    while run.isUnfinished { try run.advance() }
    #expect(finished == 30 * groupSize)
  }

  /// From the least cache that holds one completion, to one that holds all.
  @Test(arguments: [1, 9], [6, 7, 8, 13, 400])
  func everyPromptIsServedAndEveryPageComesBack(groupSize: Int, pageCount: Int) throws {
    let fixture = try Fixture(.gemma2)
    for width in [1, 4, 64] {
      let engine = fixture.engine(width: width, cacheBytes: pageCount * fixture.pageBytes)
      var run = try engine.begin(
        Fixture.prompts(Self.lengths), samples: 0..<groupSize, settings: Fixture.settings(),
        step: 0)
      let pages = run.pool.available
      #expect(pages <= pageCount)
      var passes = 0
      while run.isUnfinished {
        try run.advance()
        passes += 1
        try #require(passes < 10_000, "it does not end")
        #expect(run.reserved <= run.pool.available)
      }
      #expect(run.pool.available == pages)
      #expect(run.reserved == 0)
      for group in run.groups {
        #expect(group.trajectories.map(\.sample) == Array(0..<groupSize))
        #expect(group.trajectories.allSatisfy { !$0.tokens.isEmpty })
      }
    }
  }

  @Test func eventsTellEveryTokenInOrder() throws {
    let fixture = try Fixture(.qwen3)
    var seen: [Int: [Int: [Int32]]] = [:]
    var finished = 0
    let groups = try fixture.engine(width: 5).sample(
      Fixture.prompts([4, 20]), samples: 2..<6, settings: Fixture.settings(), step: 0
    ) { event in
      switch event {
      case .token(let prompt, let sample, let id):
        seen[prompt, default: [:]][sample, default: []].append(id)
      case .finished(let prompt, let trajectory):
        finished += 1
        #expect(seen[prompt]?[trajectory.sample] == trajectory.tokens)
      }
    }
    #expect(finished == 8)
    for (index, group) in groups.enumerated() {
      #expect(seen[index]?.keys.sorted() == [2, 3, 4, 5])
      for trajectory in group.trajectories {
        #expect(seen[index]?[trajectory.sample] == trajectory.tokens)
      }
    }
  }

  @Test func nothingAskedForIsNothingDone() throws {
    let engine = try Fixture(.qwen3).engine()
    #expect(try engine.sample([], samples: 0..<3, settings: Fixture.settings(), step: 0).isEmpty)
    let groups = try engine.sample(
      Fixture.prompts([3]), samples: 0..<0, settings: Fixture.settings(), step: 0)
    #expect(groups[0].trajectories.isEmpty)
  }

  // MARK: Laws

  /// Greedy completions of a group are equal, and each token is its distribution's most probable.
  @Test func temperatureZeroTakesTheMostProbable() throws {
    let fixture = try Fixture(.gemma2)
    let prompt = Fixture.prompts([9])[0]
    let group = try fixture.engine().sample(
      [prompt], samples: 0..<2, settings: Fixture.settings { $0.temperature = 0 }, step: 0)[0]
    let ids = group.trajectories[0].tokens
    #expect(group.trajectories[1].tokens == ids)
    var pack = SequencePack()
    pack.appendRows(prompt.tokens + ids)
    let logits = fixture.model.logits(pack).array
    for (place, id) in ids.enumerated() {
      let row = logits[(8 + place) * 53..<(8 + place) * 53 + Fixture.allowed]
      #expect(row[row.startIndex + Int(id)] == row.max())
    }
  }

  /// Each cut alone leaves one id when it is tightest, which is the greedy one.
  @Test func theTightestCutsAreGreedy() throws {
    let fixture = try Fixture(.qwen3)
    func tokens(_ change: (inout SamplingSettings) -> Void) throws -> [[Int32]] {
      try fixture.engine().sample(
        Fixture.prompts(Self.lengths), samples: 0..<2, settings: Fixture.settings(change), step: 0
      ).flatMap { $0.trajectories.map(\.tokens) }
    }
    let greedy = try tokens { $0.temperature = 0 }
    #expect(try tokens { $0.topK = 1 } == greedy)
    #expect(try tokens { $0.topP = 1e-6 } == greedy)
    #expect(try tokens { $0.minP = 1 } == greedy)
    #expect(try tokens { $0.topK = 5 } != greedy)
  }

  // MARK: Refusals

  @Test func aPromptWithoutTokensIsRefused() throws {
    let prompts = [Prompt(id: "row 7", index: 0, tokens: [], text: "", row: "{}")]
    let engine = try Fixture(.qwen3).engine()
    let error = #expect(throws: RolloutError.emptyPrompt("row 7")) {
      try engine.sample(prompts, samples: 0..<1, settings: Fixture.settings(), step: 0)
    }
    #expect("\(error!)".contains("prompt 'row 7' has no tokens"))
  }

  @Test func anIdBeyondTheModelIsRefused() throws {
    let prompts = [Prompt(id: "a", index: 0, tokens: [1, 53], text: "", row: "{}")]
    let engine = try Fixture(.qwen3).engine()
    #expect(throws: RolloutError.unknownToken(53, prompt: "a", vocabulary: 53)) {
      try engine.sample(prompts, samples: 0..<1, settings: Fixture.settings(), step: 0)
    }
  }

  @Test func aCacheForLessThanOneSequenceIsRefused() throws {
    let fixture = try Fixture(.qwen3)
    let engine = fixture.engine(cacheBytes: 6 * fixture.pageBytes - 1)
    let error = #expect(throws: RolloutError.self) {
      try engine.sample(
        Fixture.prompts(Self.lengths), samples: 0..<1, settings: Fixture.settings(), step: 0)
    }
    #expect("\(error!)".contains("a sequence of 64 tokens"))
    #expect("\(error!)".contains("raise rollout.cache_mib or lower rollout.max_new_tokens"))
  }

  /// An id's embedding is broken: the completion that comes to it is named.
  @Test func logitsThatAreNotFiniteAreRefused() throws {
    let fixture = try Fixture(.qwen3)
    let embedding = fixture.model.parameter("model.embed_tokens.weight")!
    embedding.value[7 * 20] = .nan
    fixture.model.refreshComputeCopy()
    var prompts = Fixture.prompts([1, 1])
    prompts[1] = Prompt(id: "broken", index: 1, tokens: [7], text: "", row: "{}")
    let error = RolloutError.notFinite(prompt: "broken", sample: 0, token: 0)
    #expect(throws: error) {
      try fixture.engine().sample(
        prompts, samples: 0..<2, settings: Fixture.settings { $0.maximumNewTokens = 1 }, step: 0)
    }
  }

  @Test func aSequenceBeyondTheRotationIsRefused() throws {
    let settings = Fixture.settings { $0.maximumNewTokens = RolloutEngine.longestSequence }
    let error = RolloutError.tooLong(prompt: 1, completion: settings.maximumNewTokens)
    #expect(throws: error) {
      try Fixture(.qwen3).engine().sample(
        Fixture.prompts([1]), samples: 0..<1, settings: settings, step: 0)
    }
  }
}
