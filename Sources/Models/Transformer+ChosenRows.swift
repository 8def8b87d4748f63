import Kernels
import Tensors

/// Some rows of a pack of whole sequences.
public struct ChosenRows {
  public let pack: SequencePack
  /// In order.
  public let rows: [Int]

  public init(_ rows: [Int], of pack: SequencePack) { (self.pack, self.rows) = (pack, rows) }
}

extension Transformer {
  /// The logits of chosen rows, a pass for each pack.
  ///
  /// - Returns: `[rows, allowedIds]`, softcap included.
  public func logits(of chosen: [ChosenRows]) -> Matrix {
    let count = chosen.reduce(0) { $0 + $1.rows.count }
    let logits = Storage<Float>(count * allowedIds, zeroed: false)
      .matrix(rows: count, columns: allowedIds)
    var done = 0
    for one in chosen {
      let tape = Tape(.none, configuration, rows: one.pack.batch.count, in: workspace)
      let hidden = forward(one.pack.batch, pages: packPages(for: one.pack), tape: tape)
      let input = HeadInput(self, hidden: hidden, rows: one.rows)
      for range in chunks(of: one.rows.count) {
        headForward(
          input.normed.rows(range),
          into: logits.rows(done + range.lowerBound..<done + range.upperBound))
      }
      done += one.rows.count
    }
    return logits
  }

  /// Runs `body` with the weights somewhere on the line from `previous` to where the parameters
  /// are: at `previous + share (value - previous)`. The parameters are the same afterwards, to the
  /// bit, and the compute copy agrees with them.
  ///
  /// Only the compute copy moves, and the vectors that are read without one.
  ///
  /// - Parameter previous: the weights at share 0, `[parameters]`.
  func between<T>(
    _ previous: [Storage<Float>], share: Float, _ body: () throws -> T
  ) rethrows -> T {
    let places = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { ($1.name, previous[$0]) })
    let copied = Set(copies.map(\.parameter.name))
    let vectors = parameters.filter { !copied.contains($0.name) }
    let values = vectors.map { $0.value.copy() }
    for vector in vectors {
      vector.value.setBetween(places[vector.name]!, vector.value, share: share)
    }
    for copy in copies { copy.fill(between: places[copy.parameter.name]!, share: share) }
    defer {
      for (vector, value) in zip(vectors, values) {
        vector.value.pointer.update(from: value.pointer, count: value.count)
      }
      refreshComputeCopy()
    }
    return try body()
  }
}

extension ComputeCopy {
  var parameter: Parameter {
    switch self {
    case .matrix(let parameter, _, _), .vector(let parameter, _, _): parameter
    }
  }

  /// Takes in `previous + share (master - previous)`, some rows at a time.
  func fill(between previous: Storage<Float>, share: Float) {
    switch self {
    case .matrix(let parameter, let packed, let firstRow):
      let (rows, columns) = (parameter.matrix.rows, parameter.matrix.columns)
      let most = max(1, (1 << 20) / columns)
      let room = Storage<Float>(min(rows, most) * columns, zeroed: false)
      for first in stride(from: 0, to: rows, by: most) {
        let count = min(most, rows - first)
        room.setBetween(
          previous, parameter.value, share: share, from: first * columns, count: count * columns)
        packed.pack(room.matrix(rows: count, columns: columns), at: firstRow + first)
      }
    case .vector(let parameter, let vector, let first):
      vector.setBetween(
        previous, parameter.value, share: share, from: 0, count: parameter.value.count,
        at: first)
    }
  }
}
