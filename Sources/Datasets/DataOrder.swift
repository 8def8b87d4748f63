import Tensors

/// An endless sequence of places in a data set: each epoch goes once through all of them, in an
/// order that the seed decides.
///
/// It is a pure function of the seed and the position, so a run resumes with the number of
/// prompts that it has drawn and nothing else.
public struct DataOrder: Sendable {
  /// Places in an epoch.
  public let count: Int
  private let random: CounterRandom?

  /// - Parameter shuffle: false keeps the order of the file in every epoch.
  public init(count: Int, seed: UInt64, shuffle: Bool = true) {
    precondition(count > 0, "an order of \(count) rows")
    self.count = count
    random = shuffle ? CounterRandom(seed: seed, purpose: .dataOrder) : nil
  }

  /// `[count]` the places of one epoch, each once (Fisher and Yates).
  public func places(ofEpoch epoch: Int) -> [Int] {
    var places = Array(0..<count)
    guard let random else { return places }
    for last in stride(from: count - 1, to: 0, by: -1) {
      places.swapAt(last, random.integer(below: last + 1, epoch, last))
    }
    return places
  }

  /// `[length]` the places at positions `first..<first + length` of the sequence.
  public func places(from first: Int, count length: Int) -> [Int] {
    precondition(first >= 0 && length >= 0, "positions \(first)..<\(first + length)")
    var result: [Int] = []
    result.reserveCapacity(length)
    while result.count < length {
      let (epoch, start) = (first + result.count).quotientAndRemainder(dividingBy: count)
      result += places(ofEpoch: epoch)[start...].prefix(length - result.count)
    }
    return result
  }
}
