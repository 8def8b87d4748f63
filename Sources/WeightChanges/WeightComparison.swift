import Models

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
    onTensor: (Int, Int) throws -> Void = { _, _ in }
  ) throws {
    let tensors = before.configuration.expectedTensors
    try Self.check(tensors, after.configuration.expectedTensors)
    var changes: [MatrixChange] = []
    for (name, shape) in tensors {
      func values(_ folder: ModelFolder) throws -> [Float] {
        var values = [Float](repeating: 0, count: shape.reduce(1, *))
        try values.withUnsafeMutableBufferPointer { try folder.weights.read(name, into: $0) }
        return values
      }
      // The spectrum of an embedding or a head takes minutes and says little.
      let isInLayer = Self.layer(of: name) != nil
      changes.append(
        MatrixChange(
          name, shape: shape, before: try values(before), after: try values(after),
          withSpectrum: withSpectra && isInLayer))
      try onTensor(changes.count, tensors.count)
    }
    self.changes = changes
    layerCount = before.configuration.layerCount
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
      '\(tensor)' is \(text(before)) in the first and \(text(after)) in the second; only checkpoints \
      of one model can be compared
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
