import Glibc
import TemperPlugin

/// A row without its noise: the symbols whose probability s reaches a threshold.
///
///     q_v = s_v / M if s_v >= threshold, else 0      M: the sum of the s_v that are kept
struct Proxy {
  struct Symbol: BitwiseCopyable {
    let id: Int32
    /// q
    let probability: Float
  }

  /// As many symbols as the host keeps of an old row: 4 KiB.
  static let capacity = 4096 / MemoryLayout<Symbol>.stride

  /// By id.
  let symbols: [Symbol]
  /// M; 0 where nothing is kept.
  let mass: Double
  /// The threshold was raised for the symbols to be few enough.
  let isCut: Bool

  /// - Parameters:
  ///   - threshold: of the log-probability.
  ///   - capacity: symbols at most; equally probable ones go or stay together.
  init(of row: Row, from threshold: Float, atMost capacity: Int) {
    var kept: [(id: Int, logprob: Float)] = []
    row.forEach(atLeast: threshold) { kept.append(($0, $1)) }
    isCut = kept.count > capacity
    if isCut {
      let ranked = kept.map(\.logprob).sorted(by: >)
      kept.removeAll { $0.logprob <= ranked[capacity] }
    }
    let mass = kept.reduce(0) { $0 + exp(Double($1.logprob)) }
    symbols = kept.map { Symbol(id: Int32($0), probability: Float(exp(Double($1)) / mass)) }
    self.mass = mass
  }

  /// q of a symbol.
  func probability(of id: Int) -> Float { symbols.first { $0.id == id }?.probability ?? 0 }

  /// The symbols whose bytes were kept.
  static func symbols(_ bytes: UnsafeRawBufferPointer) -> [Symbol] {
    stride(from: 0, to: bytes.count, by: MemoryLayout<Symbol>.stride).map {
      bytes.loadUnaligned(fromByteOffset: $0, as: Symbol.self)
    }
  }
}
