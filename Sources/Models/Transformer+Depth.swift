import Kernels
import Tensors

/// How much a block adds to the residual stream, as means over tokens.
///
/// With `h` the block's input, `a` what attention adds and `m` what the MLP adds. Csordás et al.
/// 2025, "Do Language Models Use Their Depth Efficiently?" (arXiv:2505.13898).
public struct DepthContribution: Sendable, Equatable {
  /// `‖a‖ / ‖h‖`
  public let attention: Double
  /// `‖m‖ / ‖h + a‖`
  public let mlp: Double
  /// `‖a + m‖ / ‖h‖`
  public let block: Double
}

extension Transformer {
  /// What each block adds to the residual stream at every token of `sequences`, its first ones
  /// left out: they hold attention's sink, and norms far from those of all others.
  ///
  /// - Returns: `[layers]`
  public func depthContributions(_ sequences: [[Int32]]) -> [DepthContribution] {
    var pack = SequencePack()
    var counted: [Int] = []
    for ids in sequences where ids.count > 1 {
      counted += pack.batch.count + 1..<pack.batch.count + ids.count
      pack.appendRows(ids)
    }
    precondition(!counted.isEmpty, "no sequence has two ids or more")
    let tape = Tape(.everything, configuration, rows: pack.batch.count, in: workspace)
    let output = forward(pack.batch, pages: packPages(for: pack), tape: tape)
    return tape.blocks.indices.map { layer in
      let block = tape.blocks[layer]
      let after = layer + 1 == tape.blocks.count ? output : tape.blocks[layer + 1].input
      func mean(_ upper: Matrix, _ lower: Matrix, over base: Matrix) -> Double {
        counted.reduce(0.0) { sum, row in
          sum + distance(upper, lower, row) / max(length(base, row), 1e-6)
        } / Double(counted.count)
      }
      return DepthContribution(
        attention: mean(block.middle, block.input, over: block.input),
        mlp: mean(after, block.middle, over: block.middle),
        block: mean(after, block.input, over: block.input))
    }
  }
}

/// The norm of the difference of a row of two matrices.
private func distance(_ a: Matrix, _ b: Matrix, _ row: Int) -> Double {
  let (a, b) = (a.row(row), b.row(row))
  return zip(a, b).reduce(0.0) { sum, pair in
    let difference = Double(pair.0) - Double(pair.1)
    return sum + difference * difference
  }.squareRoot()
}

private func length(_ a: Matrix, _ row: Int) -> Double {
  a.row(row).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

extension Matrix {
  fileprivate func row(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: base + index * stride, count: columns)
  }
}
