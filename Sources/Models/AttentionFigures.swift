import Foundation
import Kernels
import Tensors

/// How a head of attention spreads over some sequences, and how large its scores grow.
///
/// Zhai et al. 2023, "Stabilizing Transformer Training by Preventing Attention Entropy Collapse"
/// (arXiv:2303.06296). Means are over the rows that see more than one key; sums are in double.
public struct AttentionFigures: Sendable, Equatable {
  public let layer, head: Int
  /// Mean of `H_i / ln n_i`, `n_i` the keys that row `i` sees.
  public var entropy = 0.0
  /// Mean of the least that `H_i / ln n_i` can be for scores of the row's norm.
  public var bound = 0.0
  /// Largest `|score|` of all pairs, before mask and softcap.
  public var scoreMax = 0.0
  /// Largest norm of a row of centred scores.
  public var scoreNorm = 0.0
  /// Mean probability of position 0, where a row sees it.
  public var sink = 0.0
  /// Roots of the mean square of the head's queries and keys, normed and rotated.
  public var queryRMS = 0.0
  public var keyRMS = 0.0

  /// One row of attention.
  public struct Row: Sendable {
    /// Nats.
    public let entropy: Double
    /// The least that it can be for scores of that norm.
    public let bound: Double
    /// Of the centred scores.
    public let norm: Double
    /// `[n]`
    public let probabilities: [Double]

    /// - Parameter scores: `[n]` of the keys that the row sees, as the softmax takes them.
    public init(scores: [Double]) {
      let top = scores.max() ?? 0
      var probabilities = scores.map { exp($0 - top) }
      let sum = probabilities.reduce(0, +)
      for index in probabilities.indices { probabilities[index] /= sum }
      let mean = scores.reduce(0, +) / Double(max(scores.count, 1))
      norm = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
      entropy = probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
      bound = Self.bound(norm: norm, keys: scores.count)
      self.probabilities = probabilities
    }

    /// The smallest entropy that `keys` scores of a norm of at most `norm` can have (theorem 3.1
    /// of the paper): `ln(1 + (n-1) b) + s sqrt(n (n-1)) b / (1 + (n-1) b)` with
    /// `b = exp(-s sqrt(n / (n-1)))`.
    public static func bound(norm: Double, keys: Int) -> Double {
      guard keys > 1 else { return 0 }
      let n = Double(keys)
      let b = exp(-norm * (n / (n - 1)).squareRoot())
      let rest = (n - 1) * b
      return log(1 + rest) + norm * (n * (n - 1)).squareRoot() * b / (1 + rest)
    }
  }
}

extension Transformer {
  /// Figures of every head, by layer and head, over the whole sequences of `pack`: one forward
  /// pass and one look at every pair of positions.
  public func attentionFigures(_ pack: SequencePack) -> [AttentionFigures] {
    let c = configuration
    var all: [AttentionFigures] = []
    let tape = Tape(.none, c, rows: pack.batch.count, in: workspace)
    _ = forward(pack.batch, pages: packPages(for: pack), tape: tape) { layer, activations in
      let queryKeyValue = activations.queryKeyValue
      let options = attentionOptions(layer)
      var heads = Array(repeating: AttentionFigures(layer: layer, head: 0), count: c.headCount)
      heads.withUnsafeMutableBufferPointer { heads in
        ThreadPool.parallel(c.headCount) { head in
          let width = c.headDimension
          let group = head / (c.headCount / c.keyValueHeadCount)
          let key = c.queryWidth + group * width
          heads[head] = AttentionFigures(
            layer: layer, head: head,
            queries: queryKeyValue.columns(head * width..<(head + 1) * width),
            keys: queryKeyValue.columns(key..<key + width), spans: pack.batch.spans, options)
        }
      }
      all += heads
    }
    return all
  }
}

extension AttentionFigures {
  /// - Parameters:
  ///   - queries, keys: `[rows, width]` of the head.
  ///   - spans: whole sequences.
  init(
    layer: Int, head: Int, queries: Matrix, keys: Matrix, spans: [Span],
    _ options: AttentionOptions
  ) {
    (self.layer, self.head) = (layer, head)
    var (rows, sinks, squares) = (0.0, 0.0, (query: 0.0, key: 0.0))
    var scores: [Double] = []
    for span in spans {
      for i in 0..<span.rows {
        let query = queries.base + (span.firstRow + i) * queries.stride
        squares.query += dot(query, query, queries.columns)
        let own = keys.base + (span.firstRow + i) * keys.stride
        squares.key += dot(own, own, keys.columns)
        let first = max(0, i + 1 - (options.window ?? (i + 1)))
        scores.removeAll(keepingCapacity: true)
        for j in 0..<span.rows {
          let key = keys.base + (span.firstRow + j) * keys.stride
          let score = Double(options.scale) * dot(query, key, keys.columns)
          scoreMax = max(scoreMax, abs(score))
          guard j >= first, j <= i else { continue }
          scores.append(options.softcap.map { Double($0) * tanh(score / Double($0)) } ?? score)
        }
        guard scores.count > 1 else { continue }
        let row = Row(scores: scores)
        entropy += row.entropy / log(Double(scores.count))
        bound += row.bound / log(Double(scores.count))
        scoreNorm = max(scoreNorm, row.norm)
        rows += 1
        if first == 0 {
          sink += row.probabilities[0]
          sinks += 1
        }
      }
    }
    entropy /= max(rows, 1)
    bound /= max(rows, 1)
    sink /= max(sinks, 1)
    let count = Double(max(spans.reduce(0) { $0 + $1.rows } * keys.columns, 1))
    queryRMS = (squares.query / count).squareRoot()
    keyRMS = (squares.key / count).squareRoot()
  }
}

/// In eight sums of floats.
private func dot(
  _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ count: Int
) -> Double {
  let (a, b) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
  var sums = SIMD8<Float>.zero
  var index = 0
  while index + 8 <= count {
    sums.addProduct(
      a.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self),
      b.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self))
    index += 8
  }
  var sum = 0.0
  for lane in 0..<8 { sum += Double(sums[lane]) }
  while index < count {
    sum +=
      Double(a.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
      * Double(b.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
    index += 1
  }
  return sum
}
