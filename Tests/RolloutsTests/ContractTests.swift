import Kernels
import Models
import Testing
import Trajectories

@testable import Rollouts

/// What is sampled is what is trained, and nothing around a completion shows in it.
@Suite struct ContractTests {
  static let lengths = [1, 5, 16, 17, 32, 40, 3]

  @Test(arguments: Fixture.families, [Float(1), 0.7])
  func oldLogprobsAreThoseOfTheTrainingForward(
    family: ModelConfiguration.Family, temperature: Float
  ) throws {
    for type in PackedWeight.Precision.allCases {
      let fixture = try Fixture(family, weightType: type)
      let groups = try fixture.engine(width: 10).sample(
        Fixture.prompts(Self.lengths), samples: 0..<3,
        settings: Fixture.settings { $0.temperature = temperature }, step: 4)
      let sequences = groups.flatMap { group in
        group.trajectories.map { (prompt: group.prompt.tokens, trajectory: $0) }
      }
      #expect(sequences.allSatisfy { $0.trajectory.tokens.allSatisfy { $0 < 41 } })
      for size in [1, 4, sequences.count] {
        for start in stride(from: 0, to: sequences.count, by: size) {
          let part = sequences[start..<min(start + size, sequences.count)]
          var pack = SequencePack()
          for (prompt, trajectory) in part {
            pack.append(prompt: prompt, completion: trajectory.tokens)
          }
          let scores = try fixture.model.score(pack, temperature: temperature)
          let old = part.flatMap(\.trajectory.oldLogprobs)
          #expect(scores.logprobs.map(\.bitPattern) == old.map(\.bitPattern))
          #expect(
            scores.entropies.map(\.bitPattern)
              == part.flatMap(\.trajectory.entropies).map(\.bitPattern))
        }
      }
    }
  }

  /// Whatever is cut off in sampling, and whoever else is in the batch.
  @Test(arguments: Fixture.families)
  func whatIsObservedWhileSamplingIsWhatScoringWouldShow(
    family: ModelConfiguration.Family
  ) throws {
    let fixture = try Fixture(family)
    let observers = [Digest(moment: .old), Digest(moment: .current)]
    for width in [1, 10] {
      let settings = Fixture.settings {
        $0.temperature = 0.7
        $0.topK = 9
      }
      let groups = try fixture.engine(width: width).sample(
        Fixture.prompts(Self.lengths), samples: 0..<3, settings: settings, step: 4,
        observers: observers)
      let plain = try fixture.engine(width: width).sample(
        Fixture.prompts(Self.lengths), samples: 0..<3, settings: settings, step: 4)
      #expect(plain.recorded == groups.recorded)
      #expect(plain.flatMap(\.trajectories).allSatisfy { $0.observed.isEmpty })
      for group in groups {
        for trajectory in group.trajectories {
          var pack = SequencePack()
          pack.append(prompt: group.prompt.tokens, completion: trajectory.tokens)
          let scores = try fixture.model.score(
            pack, temperature: 0.7, observers: observers)
          #expect(scores.observed == trajectory.observed)
          #expect(trajectory.observed[0].values != trajectory.observed[1].values)
          #expect(trajectory.observed[0].bytes.count == trajectory.tokens.count)
        }
      }
    }
  }

  @Test func anObserverThatFailsEndsTheSampling() throws {
    struct Refusal: Error, Equatable {}
    struct Failing: RowObserver {
      let moment = LogprobRow.Moment.old
      let width = 0
      func observe(
        _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
      ) throws -> [UInt8] {
        throw Refusal()
      }
    }
    let fixture = try Fixture(.qwen3)
    #expect(throws: Refusal()) {
      try fixture.engine().sample(
        Fixture.prompts([3]), samples: 0..<2, settings: Fixture.settings(), step: 0,
        observers: [Failing()])
    }
  }

  @Test func behaviourEqualsOldWhereNothingIsTruncated() throws {
    let fixture = try Fixture(.gemma2)
    func trajectories(_ settings: SamplingSettings) throws -> [Trajectory] {
      try fixture.engine().sample(
        Fixture.prompts(Self.lengths), samples: 0..<4, settings: settings, step: 0
      ).flatMap(\.trajectories)
    }
    for trajectory in try trajectories(Fixture.settings { $0.temperature = 0.7 }) {
      #expect(
        trajectory.behaviourLogprobs.map(\.bitPattern) == trajectory.oldLogprobs.map(\.bitPattern))
    }
    // What is cut off makes the rest more probable.
    let cut = try trajectories(Fixture.settings { $0.topK = 5 })
    let pairs = cut.flatMap { zip($0.behaviourLogprobs, $0.oldLogprobs) }
    #expect(pairs.allSatisfy { $0.0 >= $0.1 })
    #expect(pairs.contains { $0.0 > $0.1 + 0.01 })
  }

  /// Batch width, prefill rows and cache size in turn, down to the least that works.
  @Test(arguments: Fixture.families)
  func completionsDoNotDependOnHowTheyAreBatched(family: ModelConfiguration.Family) throws {
    let fixture = try Fixture(family)
    let prompts = Fixture.prompts(Self.lengths)
    func sample(_ engine: RolloutEngine) throws -> [[Recorded]] {
      try engine.sample(prompts, samples: 0..<9, settings: Fixture.settings(), step: 2).recorded
    }
    let expected = try sample(fixture.engine())
    for width in [1, 3, 9, 20] { #expect(try sample(fixture.engine(width: width)) == expected) }
    for rows in [1, 7, 33] {
      #expect(try sample(fixture.engine(prefillRows: rows)) == expected)
      #expect(try sample(fixture.engine(width: 2, prefillRows: rows)) == expected)
    }
    // 40 ids of a prompt in 3 pages, 24 of a completion in 3.
    for pages in [6, 7, 11] {
      let engine = fixture.engine(cacheBytes: pages * fixture.pageBytes)
      #expect(try sample(engine) == expected, "\(pages) pages")
    }
    let used = fixture.engine()
    _ = try sample(used)
    #expect(try sample(used) == expected, "pages hold what the last run left")
  }

  @Test func completionsDoNotDependOnWhatElseIsAskedFor() throws {
    let fixture = try Fixture(.gemma2)
    let prompts = Fixture.prompts(Self.lengths)
    let engine = fixture.engine(width: 16)
    func sample(_ prompts: [Prompt], _ samples: Range<Int>, step: Int = 2) throws -> [[Recorded]] {
      try engine.sample(prompts, samples: samples, settings: Fixture.settings(), step: step)
        .recorded
    }
    let expected = try sample(prompts, 0..<9)
    #expect(try sample(prompts.reversed(), 0..<9) == expected.reversed())
    #expect(try sample([prompts[3]], 0..<9) == [expected[3]])
    #expect(try sample(prompts, 0..<1) == expected.map { Array($0[..<1]) })
    #expect(try sample(prompts, 4..<7) == expected.map { Array($0[4..<7]) })
    #expect(try sample(prompts, 0..<9, step: 3) != expected)
    #expect(expected.allSatisfy { $0[0] != $0[1] })
  }

  /// The end of one epoch and the beginning of the next may meet in a step.
  @Test func aPromptThatComesUpAgainGetsFurtherSamples() throws {
    let fixture = try Fixture(.qwen3)
    let prompts = Fixture.prompts([7, 4])
    func sample(_ prompts: [Prompt], _ samples: Range<Int>) throws -> [TrajectoryGroup] {
      try fixture.engine().sample(prompts, samples: samples, settings: Fixture.settings(), step: 0)
    }
    let groups = try sample([prompts[0], prompts[1], prompts[0]], 0..<3)
    let whole = try sample([prompts[0]], 0..<6).recorded[0]
    #expect(groups.recorded[0] + groups.recorded[2] == whole)
    #expect(groups[2].trajectories.map(\.sample) == [3, 4, 5])
    #expect(groups[1].trajectories.map(\.sample) == [0, 1, 2])
  }

  @Test func completionsDependOnTheSeed() throws {
    let fixture = try Fixture(.qwen3)
    let prompts = Fixture.prompts([7])
    let tokens = try [1, 2].map { seed in
      try fixture.engine().sample(
        prompts, samples: 0..<2, settings: Fixture.settings { $0.seed = seed }, step: 0
      ).recorded
    }
    #expect(tokens[0] != tokens[1])
  }
}

/// Notes a weighted sum of the row, and which moment and id it was shown.
private struct Digest: RowObserver {
  let moment: LogprobRow.Moment
  var width: Int { 2 }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) -> [UInt8] {
    var sum: Float = moment == .old ? 100 : 0
    for (id, logprob) in row.logprobs.enumerated() { sum += Float(id + 1) * logprob }
    floats[0] = sum
    floats[1] = row.logprob * row.entropy
    return [row.moment == .old ? 0 : 1, UInt8(row.token)]
  }
}
