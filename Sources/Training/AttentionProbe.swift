import Detectors
import JSON
import Models
import Trajectories

/// The sequences on which attention is looked at: those of the first rollout, and the same ones
/// throughout a run, so that its figures can be held against one another.
struct AttentionProbe {
  /// Sequences at most, and ids of each.
  static let most = 8
  static let longest = 512

  /// Prompt and completion.
  private(set) var sequences: [[Int32]] = []

  init() {}

  /// Takes sequences from all over the rollout, unless there are some.
  mutating func fill(from batch: TokenBatch) {
    guard sequences.isEmpty else { return }
    let count = min(Self.most, batch.sequenceCount)
    sequences = (0..<count).map { index in
      let sequence = index * batch.sequenceCount / count
      let ids = batch.prompts[sequence] + batch.tokens[batch.range(sequence)]
      return Array(ids.prefix(Self.longest))
    }
  }

  /// One forward pass.
  func heads(of model: Transformer) -> [AttentionHead] {
    var pack = SequencePack()
    for sequence in sequences { pack.appendRows(sequence) }
    return model.attentionFigures(pack).map { figures in
      var head = AttentionHead(layer: figures.layer, head: figures.head)
      head.entropy = figures.entropy
      head.bound = figures.bound
      head.scoreMax = figures.scoreMax
      head.scoreNorm = figures.scoreNorm
      head.sink = figures.sink
      head.queryRMS = figures.queryRMS
      head.keyRMS = figures.keyRMS
      return head
    }
  }

  var record: JSONLiteral { .array(sequences.map { .ints($0) }) }

  init(_ record: JSON) throws {
    sequences = try record.requireArray().map { ids in
      try ids.requireArray().map { Int32(clamping: try $0.requireInt()) }
    }
  }
}
