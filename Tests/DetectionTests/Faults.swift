import Datasets
import EntropyControl
import Foundation
import Metrics
import Models
import Tensors
import Trajectories
import Verifiers

@testable import Training

/// What can go wrong.
enum FaultKind: Equatable {
  /// One step's learning rate, times a factor.
  case rate(Double)
  /// One step of prompts without sense, with rewards that a coin decides.
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

struct FaultyPrompts: PromptSource {
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

struct FaultyVerifier: Verifier {
  let inner: any Verifier
  let fault: FaultKind?
  let first: Int
  let clock: Clock
  var name: String { inner.name }

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    let judged = inner.judge(samples)
    switch fault {
    case .poisonedBatch where clock.step == first:
      return samples.map { sample in
        let isHeads = sample.tokens.reduce(0) { $0 &+ $1 } % 2 == 0
        return Judgement(isHeads ? .right : .wrong, reward: isHeads ? 1 : 0)
      }
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
final class Sharpen: EntropyIntervention {
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

/// The step under way, for those who are not told.
final class Clock: @unchecked Sendable {
  var step = 0
}
