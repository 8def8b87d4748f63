import Kernels
import Tensors
import Trajectories

/// A part of the loss that is a function of whole distributions, and whose gradient only its
/// author knows.
public struct RowLoss {
  /// `[n]` the scored tokens whose row is in it.
  public let wanted: [Bool]
  /// Adds to `gradient` the derivative in z = logits / temperature of what the row of scored token
  /// `token` adds to the loss, and returns that. On any thread, many at once.
  public let differentiate:
    (_ row: LogprobRow, _ token: Int, _ gradient: UnsafeMutableBufferPointer<Float>) throws ->
      Double

  public init(
    wanted: [Bool],
    differentiate: @escaping (LogprobRow, Int, UnsafeMutableBufferPointer<Float>) throws -> Double
  ) {
    (self.wanted, self.differentiate) = (wanted, differentiate)
  }

  /// A row's gradient holds a number that is not finite.
  struct NotFinite: Error {
    /// Counts in the scored tokens.
    let token: Int
  }
}

// A row is made where it is used, in memory of the thread that uses it: all rows together would
// be as large as the logits, and written and read for nothing.
extension Transformer {
  /// Shows rows of log-probabilities to observers.
  ///
  /// - Parameters:
  ///   - logits: `[rows, allowedIds]`.
  ///   - law: what those logits say of `tokens`.
  /// - Returns: what each observer noted, `[rows]`.
  /// - Throws: what an observer throws at the first row that it fails on.
  public func observe(
    _ logits: Matrix, _ law: TokenLogprob, tokens: [Int32], temperature: Float,
    _ observers: [any RowObserver]
  ) throws -> [ObservedRows] {
    let count = tokens.count
    let floats = observers.map { Storage<Float>($0.width * count) }
    var bytes = Array(repeating: [UInt8](), count: observers.count * count)
    try bytes.withUnsafeMutableBufferPointer { bytes in
      try onPool(rows: observers.isEmpty ? 0 : count) { index in
        let logprobs = ThreadPool.room(law.allowed)
        law.writeRow(index, of: logits, temperature: temperature, into: logprobs)
        for (place, observer) in observers.enumerated() {
          let row = LogprobRow(
            moment: observer.moment, token: tokens[index], logprob: law.logprobs[index],
            entropy: law.entropies[index], logprobs: UnsafeBufferPointer(logprobs))
          let width = observer.width
          let noted = UnsafeMutableBufferPointer(
            start: floats[place].pointer + index * width, count: width)
          bytes[place * count + index] = try observer.observe(row, into: noted)
        }
      }
    }
    return observers.indices.map { place in
      ObservedRows(
        width: observers[place].width, values: floats[place].array,
        bytes: Array(bytes[place * count..<(place + 1) * count]))
    }
  }

  /// Adds the gradient of `loss` to `dLogits`; rows that are not in it stay as they are.
  ///
  /// - Parameter dLogits: `[chunk.range.count, allowedIds]`, apart from the chunk's logits.
  /// - Returns: what each row adds to the loss.
  /// - Throws: what the first row that fails throws, or ``RowLoss/NotFinite``.
  func addGradient(
    of loss: RowLoss, _ chunk: ScoredChunk, temperature: Float, into dLogits: Matrix
  ) throws -> [Double] {
    let law = chunk.law
    let wanted = chunk.range.filter { loss.wanted[$0] }
    var losses = Array(repeating: 0.0, count: chunk.range.count)
    try losses.withUnsafeMutableBufferPointer { losses in
      try onPool(rows: wanted.count) { place in
        let token = wanted[place]
        let index = token - chunk.range.lowerBound
        let room = ThreadPool.room(2 * law.allowed)
        let logprobs = UnsafeMutableBufferPointer(rebasing: room[..<law.allowed])
        let gradient = UnsafeMutableBufferPointer(rebasing: room[law.allowed...])
        law.writeRow(index, of: chunk.logits, temperature: temperature, into: logprobs)
        gradient.update(repeating: 0)
        let row = LogprobRow(
          moment: .current, token: chunk.tokens[index], logprob: law.logprobs[index],
          entropy: law.entropies[index], logprobs: UnsafeBufferPointer(logprobs))
        losses[index] = try loss.differentiate(row, token, gradient)
        let isFinite = law.addRowGradient(
          UnsafeBufferPointer(gradient), of: index, temperature: temperature, into: dLogits)
        guard isFinite else { throw RowLoss.NotFinite(token: token) }
      }
    }
    return losses
  }

  /// Shows a row of log-probabilities for each token of a chunk.
  ///
  /// - Parameter body: takes the row and the token's number among those that the pass scores.
  /// - Throws: what `body` throws at the first row that it fails on.
  func show(
    _ chunk: ScoredChunk, temperature: Float, _ body: (LogprobRow, Int) throws -> Void
  ) throws {
    let law = chunk.law
    try onPool(rows: chunk.range.count) { index in
      let logprobs = ThreadPool.room(law.allowed)
      law.writeRow(index, of: chunk.logits, temperature: temperature, into: logprobs)
      let row = LogprobRow(
        moment: .current, token: chunk.tokens[index], logprob: law.logprobs[index],
        entropy: law.entropies[index], logprobs: UnsafeBufferPointer(logprobs))
      try body(row, chunk.range.lowerBound + index)
    }
  }

  /// Counts the time of `body` in ``rowSeconds``.
  public func countingRowTime<T>(_ body: () throws -> T) rethrows -> T {
    let begin = ContinuousClock.now
    defer { rowSeconds += (.now - begin) / .seconds(1) }
    return try body()
  }

  /// Runs `body` for every row.
  private func onPool(rows: Int, _ body: (Int) throws -> Void) throws {
    var failures = [(any Error)?](repeating: nil, count: rows)
    failures.withUnsafeMutableBufferPointer { failures in
      ThreadPool.parallel(rows) { row in
        do { try body(row) } catch { failures[row] = error }
      }
    }
    for case let failure? in failures { throw failure }
  }
}
