import Kernels
import Tensors

/// A decoder-only transformer of one of the families that ``ModelConfiguration`` knows: its
/// weights, and one forward pass for decode, prefill and training.
///
/// Not safe for concurrent use: a pass owns the workspace. Parallelism is inside the kernels.
public final class Transformer {
  public let configuration: ModelConfiguration
  /// The type of the compute copy, which sampling and training share.
  public let weightType: PackedWeight.Precision
  /// Master values and gradients, in the order of the blocks; empty in a model for inference.
  public let parameters: [Parameter]
  /// Ids at or beyond it are never sampled and have no probability: the tokenizer's size, or the
  /// whole vocabulary.
  public var allowedIds: Int {
    didSet {
      precondition(
        allowedIds > 0 && allowedIds <= configuration.vocabularySize,
        "\(allowedIds) allowed ids of a vocabulary of \(configuration.vocabularySize)")
    }
  }

  let blocks: [BlockWeights]
  /// `[V, H]`, read for input; also the head of a tied model.
  let embedding: PackedWeight
  let head: PackedWeight
  let finalNorm: Storage<Float>
  private(set) var contextLength = 0
  private(set) var rotations: [RotationTable] = []
  let workspace = Workspace()
  var keptPages: KeyValuePages?
  /// Passes begun so far: what an earlier one left in the workspace is gone.
  var passCount = 0
  /// Seconds spent so far on rows of log-probabilities: making them, showing them to observers,
  /// taking their gradients.
  public internal(set) var rowSeconds = 0.0
  let copies: [ComputeCopy]
  /// Counts the refreshes of the compute copy.
  private var refreshes = 0
  /// The model whose weights a twin for sampling has, and the refresh that it has followed.
  private let source: Transformer?
  private var followed = 0

  /// Builds the model, tensor by tensor.
  ///
  /// - Parameters:
  ///   - trainable: keep float32 masters, and gradients beside them.
  ///   - read: fills the tensors' values.
  public init(
    _ configuration: ModelConfiguration, weightType: PackedWeight.Precision = .float32,
    trainable: Bool,
    read: @escaping WeightReader
  ) throws {
    let c = configuration
    let loader = WeightLoader(weightType: weightType, trainable: trainable, read: read)
    embedding = try loader.matrix(
      [("model.embed_tokens.weight", c.vocabularySize)], inputs: c.hiddenSize)
    blocks = try (0..<c.layerCount).map { try loader.block($0, c) }
    finalNorm = try loader.vector("model.norm.weight", c.hiddenSize)
    head =
      c.tiedEmbeddings
      ? embedding
      : try loader.matrix([("lm_head.weight", c.vocabularySize)], inputs: c.hiddenSize)
    self.configuration = c
    self.weightType = weightType
    parameters = loader.parameters
    copies = loader.copies
    source = nil
    allowedIds = c.vocabularySize
    setContext(length: c.maxPositions)
  }

  /// Reads the model of a folder.
  ///
  /// - Throws: ``ModelFileError/nonFinite(file:tensor:element:value:)``.
  public convenience init(
    _ folder: ModelFolder, weightType: PackedWeight.Precision = .float32, trainable: Bool
  ) throws {
    try self.init(folder.configuration, weightType: weightType, trainable: trainable) {
      name, _, rows, values in try folder.weights.read(name, rows: rows, into: values)
    }
  }

  /// A twin for sampling, with a compute copy of its own in another type. It shares the masters and
  /// the vectors of `source` and comes up to date with them by ``follow()``.
  public init(samplingFor source: Transformer, weightType: PackedWeight.Precision) {
    precondition(!source.copies.isEmpty, "a twin of a model without masters")
    let twins = Twins(of: source, type: weightType)
    embedding = twins[source.embedding]
    blocks = source.blocks.map(twins.block)
    head = twins[source.head]
    finalNorm = source.finalNorm
    configuration = source.configuration
    self.weightType = weightType
    parameters = []
    copies = twins.copies
    self.source = source
    allowedIds = source.allowedIds
    setContext(length: source.contextLength)
    refreshComputeCopy()
    followed = source.refreshes
  }

  /// Whether it samples for `model`.
  public func isTwin(of model: Transformer) -> Bool { source === model }

  /// Makes a twin's copy anew where its source's has been; does nothing for other models.
  public func follow() {
    guard let source, followed != source.refreshes else { return }
    refreshComputeCopy()
    followed = source.refreshes
  }

  /// Says how long sequences become. Models with `dynamic` scaling rotate by frequencies that
  /// depend on it, so a run sets it once; for others it means nothing.
  public func setContext(length: Int) {
    contextLength = length
    prepareRotations(count: min(length, 512))
  }

  /// Rotary tables for positions below `count`; they grow as positions come up.
  func prepareRotations(count: Int) {
    rotations = configuration.ropes.map { rope in
      let (frequencies, multiplier) = rope.frequencies(
        headDimension: configuration.headDimension, contextLength: contextLength)
      return RotationTable(frequencies: frequencies, multiplier: multiplier, count: count)
    }
  }

  /// Brings the compute copy up to date with the masters, after an update.
  public func refreshComputeCopy() {
    for copy in copies { copy.refresh() }
    refreshes += 1
  }

  public func zeroGradients() {
    for parameter in parameters { parameter.gradient.zero() }
  }

  public func parameter(_ name: String) -> Parameter? { parametersByName[name] }

  private lazy var parametersByName = Dictionary(
    uniqueKeysWithValues: parameters.map { ($0.name, $0) })

  /// A parameter that this model is known to have.
  func trained(_ name: String) -> Parameter {
    guard let parameter = parameter(name) else {
      preconditionFailure("'\(name)' is no parameter of this model, or it was loaded for inference")
    }
    return parameter
  }
}
