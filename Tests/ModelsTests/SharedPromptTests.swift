import Kernels
import Testing

@testable import Models

extension TransformerTests {
  /// Completions of one prompt, whose rows run once.
  @Suite struct SharedPrompts {
    static let families: [ModelConfiguration.Family] = [.gemma2, .qwen3, .smollm3, .gemma3]

    /// Prompts that end on a page, within one and within the first; completions of one id, over the
    /// end of a page, and over that of a block of 64 keys. One prompt has a single completion.
    private static let groups = [
      group(prompt: 16, completions: [9, 1, 20]), group(prompt: 21, completions: [60, 3]),
      group(prompt: 5, completions: [4, 4, 33]), group(prompt: 9, completions: [7]),
    ]

    private static func group(
      prompt: Int, completions: [Int]
    ) -> (prompt: [Int32], completions: [[Int32]]) {
      (
        TinyModel.ids(prompt, seed: prompt),
        completions.enumerated().map { TinyModel.ids($1, seed: 100 * prompt + $0) }
      )
    }

    private var shared: SequencePack {
      var pack = SequencePack()
      for group in Self.groups {
        pack.append(
          prompt: group.prompt, completions: group.completions.map { ($0, Array($0.indices)) })
      }
      return pack
    }

    private var apart: SequencePack {
      var pack = SequencePack()
      for group in Self.groups {
        for completion in group.completions {
          pack.append(prompt: group.prompt, completion: completion)
        }
      }
      return pack
    }

    @Test func aPromptMakesItsRowsOnce() {
      #expect(shared.targets == apart.targets)
      #expect(shared.scoredSequences == apart.scoredSequences)
      #expect(apart.batch.count - shared.batch.count == 2 * 16 + 21 + 2 * 5)
    }

    @Test(arguments: families)
    func aSharedPromptGivesTheBitsOfPromptsApart(family: ModelConfiguration.Family) throws {
      let model = try TinyModel.make(family)
      let together = try model.score(shared)
      let alone = try model.score(apart)
      #expect(together.logprobs.bits == alone.logprobs.bits)
      #expect(together.entropies.bits == alone.entropies.bits)
    }

    @Test(arguments: families, [false, true])
    func itsGradientIsTheSumOfThoseApart(
      family: ModelConfiguration.Family, recompute: Bool
    ) throws {
      let problem = try BackwardProblem(Architecture("shared", family), rows: true)
      try problem.accumulate(apart)
      let expected = problem.gradients
      problem.model.zeroGradients()
      try problem.accumulate(shared, recompute: recompute)
      for (name, (found, wanted)) in zip(problem.names, zip(problem.gradients, expected)) {
        let error = zip(found, wanted).reduce(0.0) {
          $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }
        let size = wanted.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect((error / size).squareRoot() < 1e-5, "\(name)")
      }
    }

    @Test func itsGradientDoesNotDependOnTheThreads() throws {
      let problem = try BackwardProblem(Architecture("shared", .qwen3), rows: true)
      defer { ThreadPool.resize(2) }
      let found: [[[UInt32]]] = try [1, 2, 3].map { threads in
        ThreadPool.resize(threads)
        problem.model.zeroGradients()
        try problem.accumulate(shared)
        return problem.gradients.map(\.bits)
      }
      #expect(found[1] == found[0])
      #expect(found[2] == found[0])
    }
  }
}
