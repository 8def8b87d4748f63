import CPluginABI

/// The distribution that one token was drawn from: log-softmax of the logits at the training
/// temperature, over the allowed ids. A view of the host's memory, valid until the call returns.
public struct Row {
  public enum Moment: Sendable {
    /// Of the policy that sampled the token.
    case old
    /// Of the policy as it is now.
    case current
  }

  public let moment: Moment
  /// The sampled id.
  public let token: Int
  /// `logprobs[token]`
  public let logprob: Float
  /// Nats.
  public let entropy: Float
  /// `[vocabulary]` nats; `-infinity` for an id that is not allowed.
  public let logprobs: UnsafeBufferPointer<Float>

  init(_ row: temper_row) {
    moment = row.moment == TEMPER_MOMENT_OLD ? .old : .current
    token = Int(row.token)
    (logprob, entropy) = (row.logprob, row.entropy)
    logprobs = UnsafeBufferPointer(start: row.logprobs, count: row.vocabulary)
  }
}

/// Where `observe` notes what it keeps of a row.
public struct Observed {
  /// `[needs.observed]`, 0 where nothing is written.
  public let floats: UnsafeMutableBufferPointer<Float>
  private let sink: temper_sink

  init(floats: UnsafeMutableBufferPointer<Float>, sink: temper_sink) {
    (self.floats, self.sink) = (floats, sink)
  }

  public subscript(index: Int) -> Float {
    get { floats[index] }
    nonmutating set { floats[index] = newValue }
  }

  /// Keeps bytes with the token, behind those kept before: up to 4 KiB, of old rows only.
  /// ``Tokens/oldBytes(_:)`` and ``WantedToken/oldBytes`` give them back.
  public mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    guard let data = bytes.baseAddress, let write = sink.write else { return }
    write(sink.context, data.assumingMemoryBound(to: CChar.self), bytes.count)
  }

  /// Keeps the bytes of values, behind those kept before.
  public mutating func keep<Value: BitwiseCopyable>(_ values: [Value]) {
    values.withUnsafeBytes { keep($0) }
  }
}

/// A token whose row `prepare` asked for.
public struct WantedToken {
  /// Which of the step's tokens it is.
  public let index: Int
  /// Its `W`: multiply by it what is meant in units of phi.
  public let coefficient: Double
  /// What `observe` kept of its old row; read with `loadUnaligned`.
  public let oldBytes: UnsafeRawBufferPointer
}
