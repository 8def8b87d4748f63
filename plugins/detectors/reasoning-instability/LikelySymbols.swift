import Glibc
import TemperPlugin

/// The most probable symbols of a row with their log-probabilities, as bytes that are kept with its
/// token: rows cannot be compared while they pass, since each is seen alone and on any thread.
struct LikelySymbols {
  /// What 4 KiB hold.
  static let most = 512

  struct Symbol: BitwiseCopyable {
    var id: Int32
    var logprob: Float
  }

  /// By rising id.
  let symbols: [Symbol]

  /// - Parameter count: symbols at most, of equally probable ones the lower ids; 0 for all that the
  ///   row allows.
  init(of row: Row, atMost count: Int) throws {
    guard count > 0 else {
      let allowed = row.logprobs.indices.filter { row.logprobs[$0] > -.infinity }
      guard allowed.count <= Self.most else {
        throw PluginError.invalidInput(
          "'k' is 0, and a row of \(allowed.count) symbols cannot be kept; \(Self.most) can: set 'k'"
        )
      }
      symbols = allowed.map { Symbol(id: Int32($0), logprob: row.logprobs[$0]) }
      return
    }
    // A few more than are wanted, found by how far they lie below the first.
    var found: [Symbol] = []
    for depth: Float in [4, 8, 16, .infinity] where found.count < count {
      found = []
      let least = depth == .infinity ? -Float.greatestFiniteMagnitude : row.largest - depth
      row.forEach(atLeast: least) { found.append(Symbol(id: Int32($0), logprob: $1)) }
    }
    found.sort { ($1.logprob, $0.id) < ($0.logprob, $1.id) }
    symbols = found.prefix(count).sorted { $0.id < $1.id }
  }

  init(_ packed: UnsafeRawBufferPointer) {
    let size = MemoryLayout<Symbol>.size
    symbols = (0..<packed.count / size).map {
      packed.loadUnaligned(fromByteOffset: $0 * size, as: Symbol.self)
    }
  }

  var packed: [Symbol] { symbols }

  /// Probabilities that sum to 1, at temperature 1 where the row was taken at `temperature`: of
  /// logarithms that are `temperature` times as far apart.
  func probabilities(temperature: Double) -> [Double] {
    let largest = symbols.map(\.logprob).max() ?? 0
    let weights = symbols.map { exp(Double($0.logprob - largest) * temperature) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
