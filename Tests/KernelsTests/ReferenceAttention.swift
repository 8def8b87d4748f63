import Kernels

/// Attention of one sequence, one query row and one head at a time.
struct ReferenceAttention {
  var rows, keyValueHeads, width: Int
  var options: AttentionOptions

  var queryColumns: Int { options.heads * width }
  var columns: Int { (options.heads + 2 * keyValueHeads) * width }

  /// - Parameter x: `[rows, columns]`: queries, keys, values.
  func forward(_ x: [Float]) -> (output: [Float], lse: [Float]) {
    var output: [Float] = []
    var lse: [Float] = []
    for row in 0..<rows {
      for head in 0..<options.heads {
        let result = query(x, row: row, head: head)
        output += result.output
        lse.append(result.lse)
      }
    }
    return (output, lse)
  }

  private func slice(_ x: [Float], row: Int, column: Int) -> ArraySlice<Float> {
    x[row * columns + column..<row * columns + column + width]
  }

  /// Keys in blocks of 512 positions; see attention.kernel.h.
  private func query(_ x: [Float], row: Int, head: Int) -> (output: [Float], lse: Float) {
    let keyColumn = (options.heads + head / (options.heads / keyValueHeads)) * width
    let valueColumn = keyColumn + keyValueHeads * width
    let query = slice(x, row: row, column: head * width)
    let low = max(0, row + 1 - (options.window ?? row + 1))

    var maximum = -Float.infinity
    var lanes = [Float](repeating: 0, count: 16)
    var output = [Float](repeating: 0, count: width)
    for start in stride(from: low / 512 * 512, through: row, by: 512) {
      let keys = max(start, low)..<min(start + 512, row + 1)
      let scores = keys.map { key in
        score(query, slice(x, row: key, column: keyColumn))
      }
      let larger = max(maximum, scores.max()!)
      if maximum > -.infinity {
        let shrink = Reference.exp(maximum - larger)
        lanes = lanes.map { $0 * shrink }
        output = output.map { $0 * shrink }
      }
      maximum = larger
      for (key, score) in zip(keys, scores) {
        let weight = Reference.exp(score - maximum)
        lanes[key % 16] += weight
        for (c, value) in slice(x, row: key, column: valueColumn).enumerated() {
          output[c] = output[c].addingProduct(weight, value)
        }
      }
    }
    let sum = Reference.fold(lanes)
    let inverse = 1 / sum
    return (output.map { $0 * inverse }, Float(Double(maximum) + Reference.log(Double(sum))))
  }

  private func score(_ query: ArraySlice<Float>, _ key: ArraySlice<Float>) -> Float {
    let product = zip(query, key).reduce(Float(0)) { $0.addingProduct($1.0, $1.1) }
    let score = product * options.scale
    guard let cap = options.softcap else { return score }
    return cap * Reference.tanh(score * (1 / cap))
  }
}
