import JSON
import Rollouts
import Trajectories
import Verifiers

/// Measures a model on problems: one greedy completion each, and `samples` drawn ones.
public struct Evaluator {
  public let engine: RolloutEngine
  public let verifiers: VerifierSet
  /// How the drawn completions are drawn.
  public let sampling: SamplingSettings
  public let samples: Int
  public let greedy: Bool

  public init(
    engine: RolloutEngine, verifiers: VerifierSet, sampling: SamplingSettings, samples: Int,
    greedy: Bool = true
  ) {
    precondition(greedy || samples > 0, "nothing to evaluate: no greedy completion, no samples")
    self.engine = engine
    self.verifiers = verifiers
    self.sampling = sampling
    self.samples = samples
    self.greedy = greedy
  }

  /// How many completions an evaluation draws.
  public func completions(of prompts: [Prompt]) -> Int {
    prompts.count * (samples + (greedy ? 1 : 0))
  }

  /// - Parameter onCompletion: called for each completion that has ended.
  public func evaluate(
    _ prompts: [Prompt], onCompletion: @escaping () -> Void = {}
  ) throws -> (report: EvaluationReport, groups: [RewardedGroup]) {
    func draw(_ samples: Range<Int>, _ settings: SamplingSettings) throws -> [RewardedGroup] {
      verifiers.score(
        try engine.sample(prompts, samples: samples, settings: settings, step: 0) { event in
          if case .finished = event { onCompletion() }
        }
      ).groups
    }
    var first = sampling
    first.temperature = 0
    let greedyGroups = greedy ? try draw(0..<1, first) : []
    let sampledGroups = samples > 0 ? try draw(0..<samples, sampling) : []
    let problems = prompts.indices.map { index in
      ProblemResult(
        id: prompts[index].id,
        greedy: greedy ? greedyGroups[index].judgements[0].verdict : nil,
        samples: samples > 0 ? sampledGroups[index].judgements.map(\.verdict) : [])
    }
    let report = EvaluationReport(problems: problems, protocolNote: protocolNote(prompts))
    return (report, greedyGroups + sampledGroups)
  }

  private func protocolNote(_ prompts: [Prompt]) -> [JSONLiteral.Member] {
    [
      .init("rows", .string(Self.digest(of: prompts.map(\.row)))),
      .init("samples", .int(samples)), .init("greedy", .bool(greedy)),
      .init("temperature", .float(sampling.temperature)),
      .init("top_k", .int(sampling.topK)), .init("top_p", .float(sampling.topP)),
      .init("min_p", .float(sampling.minP)),
      .init("max_new_tokens", .int(sampling.maximumNewTokens)),
      .init("seed", .int(Int(clamping: sampling.seed))),
      .init("verifiers", .array(verifiers.labels.map { .string($0) })),
    ]
  }

  /// 64-bit FNV-1a of the rows, in hexadecimal.
  private static func digest(of rows: [String]) -> String {
    let hash = rows.joined(separator: "\n").utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return String(hash, radix: 16)
  }
}
