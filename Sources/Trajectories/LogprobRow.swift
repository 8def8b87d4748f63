/// The distribution that one token was drawn from: log-softmax of the logits at the training
/// temperature, over the allowed ids. A view, valid for the length of a call.
public struct LogprobRow {
  public enum Moment: Sendable {
    /// Of the policy that sampled the token.
    case old
    /// Of the policy as it is now.
    case current
  }

  public let moment: Moment
  /// The sampled id.
  public let token: Int32
  /// `logprobs[token]`
  public let logprob: Float
  /// Nats.
  public let entropy: Float
  /// `[V]` nats.
  public let logprobs: UnsafeBufferPointer<Float>

  public init(
    moment: Moment, token: Int32, logprob: Float, entropy: Float,
    logprobs: UnsafeBufferPointer<Float>
  ) {
    self.moment = moment
    self.token = token
    self.logprob = logprob
    self.entropy = entropy
    self.logprobs = logprobs
  }
}

/// Notes a few numbers of each row that passes, since rows themselves are too large to keep.
public protocol RowObserver: Sendable {
  /// Which rows it wants to see.
  var moment: LogprobRow.Moment { get }
  /// Floats that it notes of a row.
  var width: Int { get }
  /// Notes a row: a function of the row alone, on any thread.
  ///
  /// - Parameter floats: `[width]`, to be filled.
  /// - Returns: further bytes to keep with the token; mostly none.
  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8]
}

/// What one ``RowObserver`` noted of a run of tokens.
public struct ObservedRows: Sendable, Equatable {
  /// Floats of a token.
  public let width: Int
  /// `[n, width]`
  public var values: [Float]
  /// `[n]`
  public var bytes: [[UInt8]]

  public init(width: Int, values: [Float] = [], bytes: [[UInt8]] = []) {
    precondition(
      values.count == bytes.count * width, "\(values.count) values of \(bytes.count) rows")
    (self.width, self.values, self.bytes) = (width, values, bytes)
  }

  /// Of tokens whose rows nobody saw.
  public static func blank(_ count: Int, width: Int) -> ObservedRows {
    ObservedRows(
      width: width, values: Array(repeating: 0, count: count * width),
      bytes: Array(repeating: [], count: count))
  }

  public mutating func append(_ other: ObservedRows) {
    precondition(width == other.width, "\(other.width) floats a row behind \(width)")
    values += other.values
    bytes += other.bytes
  }

  public subscript(tokens: Range<Int>) -> ObservedRows {
    ObservedRows(
      width: width, values: Array(values[tokens.lowerBound * width..<tokens.upperBound * width]),
      bytes: Array(bytes[tokens]))
  }
}
