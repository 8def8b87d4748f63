import Kernels
import Tensors

extension Transformer {
  /// Runs rows that continue cached sequences, and returns the logits of some of them.
  ///
  /// - Parameters:
  ///   - pages: a layer for each of the model's, keys and values of earlier positions in place.
  ///   - rows: which rows of `batch` need logits.
  /// - Returns: `[rows.count, allowedIds]`, valid until the next pass.
  public func decode(_ batch: RowBatch, pages: KeyValuePages, rows: [Int]) -> Matrix {
    precondition(
      pages.layerCount == configuration.layerCount,
      "pages of \(pages.layerCount) layers for a model of \(configuration.layerCount)")
    let tape = Tape(.none, configuration, rows: batch.count, in: workspace)
    let hidden = forward(batch, pages: pages, tape: tape)
    let selected = HeadInput(self, hidden: hidden, rows: rows)
    let logits = workspace.matrix("decodedLogits", rows.count, allowedIds)
    headForward(selected.normed, into: logits)
    return logits
  }
}
