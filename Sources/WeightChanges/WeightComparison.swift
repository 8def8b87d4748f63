import COpenBLAS
import Dispatch
import Models
import Synchronization

/// How the weights of a model differ between two folders, tensor by tensor.
public struct WeightComparison: Sendable {
  /// In the order of the model: embedding, layers, final norm, head.
  public let changes: [MatrixChange]
  public let layerCount: Int

  /// Reads both folders, a tensor of each at a time.
  ///
  /// - Parameters:
  ///   - withSpectra: also compare singular values and subspaces, which takes most of the time.
  ///   - onTensor: is told how many tensors are done, and of how many.
  /// - Throws: ``ComparisonError`` for models of different shapes; what reading throws.
  public init(
    before: ModelFolder, after: ModelFolder, withSpectra: Bool = true,
    onTensor: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let tensors = before.configuration.expectedTensors
    try Self.check(tensors, after.configuration.expectedTensors)
    // A tensor a core, and each product on its own core: OpenBLAS's threads wait for each other by
    // turning in circles, which a busy machine turns into seconds.
    let threads = openblas_get_num_threads()
    openblas_set_num_threads(1)
    defer { openblas_set_num_threads(threads) }
    var changes: [MatrixChange] = []
    while changes.count < tensors.count {
      let part = tensors[changes.count..<min(changes.count + max(Int(threads), 1), tensors.count)]
      changes += try Self.concurrently(Array(part)) { name, shape in
        func values(_ folder: ModelFolder) throws -> [Float] {
          var values = [Float](repeating: 0, count: shape.reduce(1, *))
          try values.withUnsafeMutableBufferPointer { try folder.weights.read(name, into: $0) }
          return values
        }
        // The spectrum of an embedding or a head takes minutes and says little.
        return MatrixChange(
          name, shape: shape, before: try values(before), after: try values(after),
          withSpectrum: withSpectra && Self.layer(of: name) != nil)
      }
      onTensor(changes.count, tensors.count)
    }
    self.changes = changes
    layerCount = before.configuration.layerCount
  }

  private static func concurrently(
    _ tensors: [(name: String, shape: [Int])],
    _ change: @Sendable (String, [Int]) throws -> MatrixChange
  ) throws -> [MatrixChange] {
    let results = Mutex<[Int: Result<MatrixChange, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: tensors.count) { index in
      let result = Result { try change(tensors[index].name, tensors[index].shape) }
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { $0 }
    return try tensors.indices.map { try all[$0]!.get() }
  }

  private static func check(
    _ before: [(name: String, shape: [Int])], _ after: [(name: String, shape: [Int])]
  ) throws(ComparisonError) {
    let shapes = Dictionary(uniqueKeysWithValues: after.map { ($0.name, $0.shape) })
    for (name, shape) in before where shapes[name] != shape {
      throw ComparisonError(tensor: name, before: shape, after: shapes[name])
    }
    let known = Set(before.map(\.name))
    if let extra = after.first(where: { !known.contains($0.name) }) {
      throw ComparisonError(tensor: extra.name, before: nil, after: extra.shape)
    }
  }

  /// The layer that a tensor belongs to, from 0; `nil` for embedding, final norm and head.
  public static func layer(of name: String) -> Int? {
    let parts = name.split(separator: ".")
    return parts.count > 3 && parts[1] == "layers" ? Int(parts[2]) : nil
  }

  /// `self_attn.q_proj`: which of its layer's tensors it is.
  public static func kind(of name: String) -> String {
    let parts = name.split(separator: ".")
    let own = layer(of: name) == nil ? parts[...] : parts.dropFirst(3)
    return (own.last == "weight" ? own.dropLast() : own).joined(separator: ".")
  }

  public func changes(ofLayer layer: Int) -> [MatrixChange] {
    changes.filter { Self.layer(of: $0.name) == layer }
  }
}

/// Two models that cannot be compared, tensor by tensor.
public struct ComparisonError: Error, Equatable, CustomStringConvertible {
  let tensor: String
  let before, after: [Int]?

  public var description: String {
    func text(_ shape: [Int]?) -> String { shape.map { "\($0)" } ?? "absent" }
    return """
      '\(tensor)' is \(text(before)) in the first and \(text(after)) in the second; only \
      checkpoints of one model can be compared
      """
  }
}

/// Several tensors as one, as those of a layer.
public struct ChangeSummary: Sendable, Equatable {
  public let count: Int
  /// `‖ΔW‖ / ‖W0‖` over all entries of tensors that changed, root mean square over tensors.
  public let relativeNorm: Double
  /// Means over tensors, by their entries.
  public let sparsity, sameInBFloat16: Double
  /// The largest of its matrices'; `nil` without spectra.
  public let normalisedShift, angle: Double?
  /// Their means.
  public let stableRank, offPrincipalEnergy: Double?

  public init(_ changes: [MatrixChange]) {
    count = changes.count
    let entries = changes.map { Double($0.shape.reduce(1, *)) }
    let total = max(entries.reduce(0, +), 1)
    func mean(_ value: (MatrixChange) -> Double) -> Double {
      zip(changes, entries).reduce(0) { $0 + value($1.0) * $1.1 } / total
    }
    relativeNorm = mean { $0.relativeNorm * $0.relativeNorm }.squareRoot()
    sparsity = mean(\.sparsity)
    sameInBFloat16 = mean(\.sameInBFloat16)
    let spectra = changes.compactMap(\.spectrum)
    normalisedShift = spectra.map(\.normalisedShift).max()
    angle = spectra.map { max($0.leftAngle.largest, $0.rightAngle.largest) }.max()
    func average(_ value: (SpectralChange) -> Double) -> Double? {
      spectra.isEmpty ? nil : spectra.map(value).reduce(0, +) / Double(spectra.count)
    }
    stableRank = average(\.stableRank)
    offPrincipalEnergy = average(\.offPrincipalEnergy)
  }
}
