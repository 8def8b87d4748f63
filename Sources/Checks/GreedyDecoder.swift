import Kernels
import Models

/// Cached greedy decoding of one sequence, end tokens ignored.
struct GreedyDecoder {
  private let model: Transformer
  private let pages: KeyValuePages
  private let table: [Int32]

  init(_ model: Transformer, capacity: Int) {
    self.model = model
    let count = (capacity + KeyValuePages.pageSize - 1) / KeyValuePages.pageSize
    let c = model.configuration
    pages = KeyValuePages(
      pageCount: count, layers: c.layerCount, heads: c.keyValueHeadCount, width: c.headDimension)
    table = (0..<Int32(count)).map(\.self)
  }

  /// The `count` most probable ids in turn.
  mutating func `continue`(_ prompt: [Int32], by count: Int) -> [Int32] {
    var found: [Int32] = []
    var rows = prompt
    var position = 0
    while found.count < count {
      var batch = RowBatch()
      batch.append(rows, position: position, table: table)
      position += rows.count
      let logits = model.decode(batch, pages: pages, rows: [rows.count - 1])
      let drawn = Sampling.draw(logits, uniforms: [0], SamplingLaw(temperature: 0))
      found.append(drawn.tokens[0])
      rows = drawn.tokens
    }
    return found
  }
}
