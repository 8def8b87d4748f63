import Tensors

/// Chosen rows of the last block's output, through the final norm.
struct HeadInput {
  let rows: [Int]
  let selected: Matrix
  let normed: Matrix
  let scale: Matrix

  init(_ model: Transformer, hidden: Matrix, rows: [Int]) {
    self.rows = rows
    selected = model.workspace.matrix("headRows", rows.count, hidden.columns)
    normed = model.workspace.matrix("headNormed", rows.count, hidden.columns)
    scale = model.workspace.matrix("headScale", rows.count, 1)
    for (index, row) in rows.enumerated() {
      (selected.base + index * selected.stride).update(
        from: hidden.base + row * hidden.stride, count: hidden.columns)
    }
    model.norm(selected, model.finalNorm, into: normed, scale: scale)
  }

  /// Through the final norm, back to where the rows came from, which may be the same row for
  /// several; other rows become zero.
  func backward(_ dNormed: Matrix, _ model: Transformer, into gradient: Matrix) {
    let dSelected = model.workspace.matrix("dHeadRows", rows.count, dNormed.columns)
    dSelected.zero()
    model.normBackward(
      dNormed, x: selected, scale: scale, gain: model.finalNorm, name: "model.norm.weight",
      adding: dSelected)
    gradient.zero()
    for (index, row) in rows.enumerated() {
      let (sum, part) = (
        gradient.base + row * gradient.stride, dSelected.base + index * dSelected.stride
      )
      for column in 0..<gradient.columns { sum[column] += part[column] }
    }
  }
}
