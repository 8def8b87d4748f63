import CPluginABI
import Glibc

// Arguments made by hand, for a plugin's own tests. Their memory lives as long as the process.

/// An optimizer step of an intervention's tests:
///
///     var trial = Trial(lengths: [2, 1], entropies: [0.1, 0.2, 0.6])
///     var state = Mine.State()
///     let frozen = try mine.prepare(trial.step, &trial.shaping, &state)
///     try mine.evaluate(trial.run, frozen, &trial.additions)
public struct Trial {
  public let step: Step
  public var shaping: Shaping
  /// The whole step as one run.
  public let run: Run
  public var additions: Additions

  /// - Parameters:
  ///   - lengths: tokens of each sequence; `N` together. Sequences answer one prompt.
  ///   - mask: `[N]`, all 1 where it is left out; other columns are 0. `W` is one over the number of
  ///     tokens trained on.
  ///   - observed: `[N]` what `observe` noted of the tokens' rows, old and current.
  public init(
    lengths: [Int], logprobs: [Float]? = nil, oldLogprobs: [Float]? = nil,
    entropies: [Float]? = nil, advantages: [Float]? = nil, mask: [UInt8]? = nil,
    observed: [[Float]]? = nil, step: Int = 1, totalSteps: Int = 100
  ) {
    let count = lengths.reduce(0, +)
    func column<Element: BitwiseCopyable>(
      _ values: [Element]?, else filler: Element
    ) -> UnsafeMutablePointer<Element> {
      let values = values ?? Array(repeating: filler, count: count)
      precondition(values.count == count, "\(values.count) values for \(count) tokens")
      return permanent(values)
    }
    let mask = mask ?? Array(repeating: 1, count: count)
    let trained = mask.count { $0 != 0 }
    let offsets = lengths.reduce(into: [UInt32(0)]) { $0.append($0.last! + UInt32($1)) }
    let floats = observed.map { permanent($0.flatMap(\.self)) }
    var columns = temper_tokens()
    columns.size = size(of: temper_tokens.self)
    (columns.token_count, columns.sequence_count) = (count, lengths.count)
    columns.offsets = UnsafePointer(permanent(offsets))
    columns.groups = UnsafePointer(permanent(lengths.map { _ in UInt32(0) }))
    columns.tokens = UnsafePointer(column(nil, else: Int32(0)))
    columns.turns = UnsafePointer(column(nil, else: UInt32(0)))
    columns.mask = UnsafePointer(permanent(mask))
    columns.advantages = UnsafePointer(column(advantages, else: 0))
    columns.coefficients = UnsafePointer(
      column(nil, else: trained == 0 ? 0 : 1 / Float(trained)))
    columns.logprobs = UnsafePointer(column(logprobs, else: 0))
    columns.old_logprobs = UnsafePointer(column(oldLogprobs ?? logprobs, else: 0))
    columns.behaviour_logprobs = columns.old_logprobs
    columns.entropies = UnsafePointer(column(entropies, else: 0))
    columns.old_entropies = columns.entropies
    (columns.observed, columns.old_observed) = (
      floats.map { UnsafePointer($0) }, floats.map { UnsafePointer($0) }
    )
    columns.authors = UnsafePointer(column(nil, else: UInt8(0)))
    let tokens = Tokens(columns, observed: observed?.first?.count ?? 0)
    self.step = Step(
      temper_step(
        size: size(of: temper_step.self), clip_is_explicit: 0, step: UInt64(step),
        total_steps: UInt64(totalSteps), rollout: UInt64(step), update: 0, temperature: 1,
        clip_low: 0.2, clip_high: 0.28, dual_clip: .infinity),
      tokens)
    run = Run(tokens: tokens, first: 0)
    shaping = Shaping(
      permanent([
        temper_shaping(
          size: size(of: temper_shaping.self), advantages: column(advantages, else: 0),
          mask: permanent(mask), weights: column(nil, else: 1), clip_low: column(nil, else: 0.2),
          clip_high: column(nil, else: 0.28), dual_clip: column(nil, else: .infinity),
          wanted_rows: column(nil, else: 0), entropy_coefficient: 0, kl_coefficient: 0,
          scalar_loss: 0)
      ]), count: count)
    additions = Additions(
      temper_additions(
        size: size(of: temper_additions.self), phi: column(nil, else: 0),
        dlogprob: column(nil, else: 0), dentropy: column(nil, else: 0)), count: count)
  }
}

extension Row {
  /// The row of `[vocabulary]` logits, in which `token` was sampled.
  public static func trial(logits: [Float], token: Int, moment: Moment = .current) -> Row {
    let largest = Double(logits.max()!)
    let norm = largest + log(logits.reduce(0.0) { $0 + exp(Double($1) - largest) })
    let logprobs = logits.map { Double($0) - norm }
    let entropy = logprobs.reduce(0.0) { $1 == -.infinity ? $0 : $0 - exp($1) * $1 }
    return Row(
      temper_row(
        size: size(of: temper_row.self),
        moment: moment == .old ? TEMPER_MOMENT_OLD : TEMPER_MOMENT_CURRENT, token: Int32(token),
        logprob: Float(logprobs[token]), entropy: Float(entropy),
        logprobs: permanent(logprobs.map(Float.init)), vocabulary: logits.count))
  }
}

extension Sample {
  /// A completion of a verifier's tests.
  public static func trial(
    row: String = "{}", prompt: String = "", completion: String, tokens: [Int32] = []
  ) -> Sample {
    func text(_ string: String) -> temper_text {
      temper_text(
        data: permanent(string.utf8.map(CChar.init(bitPattern:))), size: string.utf8.count)
    }
    return Sample(
      sample: permanent(
        temper_sample(
          size: size(of: temper_sample.self), row: text(row), prompt: text(prompt),
          completion: text(completion), tokens: permanent(tokens), token_count: tokens.count)))
  }
}

extension Host {
  /// A host that offers nothing.
  public static var trial: Host {
    Host(
      permanent(
        temper_host(
          size: size(of: temper_host.self), abi_major: TEMPER_ABI_MAJOR,
          abi_minor: TEMPER_ABI_MINOR, context: nil, service: { _, _ in nil })))
  }
}

func permanent<Element>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
  let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
  pointer.initialize(from: values, count: values.count)
  return pointer
}
