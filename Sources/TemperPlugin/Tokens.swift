import CPluginABI

/// Columns of `count` tokens in sequences packed end to end, each `[count]` unless it says
/// otherwise. Nothing but `mask` means anything where `mask` is 0.
///
/// A view of the host's memory, valid until the call returns.
public struct Tokens {
  public let count: Int
  public let sequenceCount: Int
  /// `[sequenceCount + 1]` where sequences begin, and the end.
  public let offsets: UnsafeBufferPointer<UInt32>
  /// `[sequenceCount]` the prompt that a sequence answers.
  public let groups: UnsafeBufferPointer<UInt32>
  /// Ids.
  public let tokens: UnsafeBufferPointer<Int32>
  /// The model's turn, from 0.
  public let turns: UnsafeBufferPointer<UInt32>
  /// 1 where the token is trained on, else 0.
  public let mask: UnsafeBufferPointer<UInt8>
  public let advantages: UnsafeBufferPointer<Float>
  /// `W`, from the masks as they now stand.
  public let coefficients: UnsafeBufferPointer<Float>
  /// Nats, of the policy as it is now.
  public let logprobs: UnsafeBufferPointer<Float>
  /// Nats, of the policy that sampled.
  public let oldLogprobs: UnsafeBufferPointer<Float>
  /// Nats, of the law that the sampler drew from.
  public let behaviourLogprobs: UnsafeBufferPointer<Float>
  /// Nats, of the reference policy; `nil` where there is none.
  public let referenceLogprobs: UnsafeBufferPointer<Float>?
  /// Nats, of the policy as it is now.
  public let entropies: UnsafeBufferPointer<Float>
  /// Nats, of the policy that sampled.
  public let oldEntropies: UnsafeBufferPointer<Float>

  private let authors: UnsafePointer<UInt8>?
  private let voidTurns: UnsafePointer<UInt8>?
  @usableFromInline let width: Int
  @usableFromInline let currentFloats: UnsafePointer<Float>?
  @usableFromInline let oldFloats: UnsafePointer<Float>?
  private let bytes: UnsafePointer<temper_text>?

  /// - Parameter observed: floats that `observe` notes of a row.
  init(_ tokens: temper_tokens, observed: Int) {
    let count = tokens.token_count
    func column<Element>(_ start: UnsafePointer<Element>?) -> UnsafeBufferPointer<Element> {
      UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    }
    (self.count, sequenceCount) = (count, tokens.sequence_count)
    offsets = UnsafeBufferPointer(start: tokens.offsets, count: tokens.sequence_count + 1)
    groups = UnsafeBufferPointer(start: tokens.groups, count: tokens.sequence_count)
    self.tokens = column(tokens.tokens)
    turns = column(tokens.turns)
    mask = column(tokens.mask)
    advantages = column(tokens.advantages)
    coefficients = column(tokens.coefficients)
    logprobs = column(tokens.logprobs)
    oldLogprobs = column(tokens.old_logprobs)
    behaviourLogprobs = column(tokens.behaviour_logprobs)
    referenceLogprobs = tokens.reference_logprobs.map { column($0) }
    entropies = column(tokens.entropies)
    oldEntropies = column(tokens.old_entropies)
    let isOfThisHeader = Int(tokens.size) >= MemoryLayout<temper_tokens>.size
    authors = isOfThisHeader ? tokens.authors : nil
    voidTurns = isOfThisHeader ? tokens.void_turns : nil
    width = observed
    (currentFloats, oldFloats, bytes) = (tokens.observed, tokens.old_observed, tokens.old_bytes)
  }

  public var sequences: Range<Int> { 0..<sequenceCount }

  /// The tokens of sequence `s`.
  @inlinable public func range(_ s: Int) -> Range<Int> { Int(offsets[s])..<Int(offsets[s + 1]) }

  /// The tokens that are trained on, in order.
  @inlinable public var trained: TrainedTokens { trained(in: 0..<count) }

  /// Those of `range` that are trained on, in order.
  @inlinable public func trained(in range: Range<Int>) -> TrainedTokens {
    TrainedTokens(range, mask)
  }

  /// log of the ratio between the policy as it is now and the one that sampled; 0 in the first
  /// update after a rollout.
  @inlinable public func logRatio(_ t: Int) -> Float { logprobs[t] - oldLogprobs[t] }

  /// `[needs.observed]` what `observe` noted of the token's current row.
  @inlinable public func observed(_ t: Int) -> UnsafeBufferPointer<Float> {
    floats(currentFloats, t, "currentRows")
  }

  /// `[needs.observed]` what `observe` noted of the token's old row.
  @inlinable public func oldObserved(_ t: Int) -> UnsafeBufferPointer<Float> {
    floats(oldFloats, t, "oldRows")
  }

  /// What `observe` kept of the token's old row.
  public func oldBytes(_ t: Int) -> UnsafeRawBufferPointer {
    guard let bytes else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return bytes[t].bytes
  }

  /// Who wrote the token; only the model's are trained on.
  public func author(_ t: Int) -> Author { authors.flatMap { Author(rawValue: $0[t]) } ?? .model }

  /// Whether the token stands in a turn that neither acted nor answered.
  public func isInVoidTurn(_ t: Int) -> Bool { voidTurns.map { $0[t] != 0 } ?? false }

  @usableFromInline func floats(
    _ start: UnsafePointer<Float>?, _ t: Int, _ need: StaticString
  ) -> UnsafeBufferPointer<Float> {
    guard width > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    guard let start else { preconditionFailure("nothing was observed: 'needs.\(need)' is false") }
    return UnsafeBufferPointer(start: start + t * width, count: width)
  }
}

/// Who wrote a token of a sequence.
public enum Author: UInt8, Sendable {
  case model
  /// What an environment answered.
  case environment
  /// What the chat template puts around turns.
  case template
}

/// The tokens of a range whose mask is not 0.
public struct TrainedTokens: Sequence, IteratorProtocol {
  @usableFromInline var place: Int
  @usableFromInline let end: Int
  @usableFromInline let mask: UnsafeBufferPointer<UInt8>

  @inlinable init(_ range: Range<Int>, _ mask: UnsafeBufferPointer<UInt8>) {
    (place, end, self.mask) = (range.lowerBound, range.upperBound, mask)
  }

  @inlinable public mutating func next() -> Int? {
    while place < end {
      defer { place += 1 }
      if mask[place] != 0 { return place }
    }
    return nil
  }
}
