import Glibc

/// `A = U diag(s) V^T`, values falling: all of them, or the leading ones.
struct SingularValues {
  /// `[rows, count]`
  let u: Dense
  let values: [Double]
  /// `[columns, count]`
  let v: Dense

  /// All, by Hestenes' one-sided rotations: exact for small matrices, and to the bit the same
  /// everywhere.
  init(_ a: Dense) {
    guard a.rows >= a.columns else {
      let other = SingularValues(a.transposed)
      (u, values, v) = (other.v, other.values, other.u)
      return
    }
    let (m, n) = (a.rows, a.columns)
    var columns = a.transposed.values  // n rows of m
    var turns = Dense(rows: n, columns: n)  // V^T
    for i in 0..<n { turns.values[i * n + i] = 1 }
    columns.withUnsafeMutableBufferPointer { c in
      turns.values.withUnsafeMutableBufferPointer { v in
        var isTurned = true
        for _ in 0..<60 where isTurned {
          isTurned = false
          for i in 0..<max(n - 1, 0) {
            for j in (i + 1)..<n {
              var (ii, ij, jj) = (0.0, 0.0, 0.0)
              for t in 0..<m {
                let (x, y) = (c[i * m + t], c[j * m + t])
                ii += x * x
                ij += x * y
                jj += y * y
              }
              guard abs(ij) > 1e-15 * (ii * jj).squareRoot(), abs(ij) > 1e-300 else { continue }
              isTurned = true
              let zeta = (jj - ii) / (2 * ij)
              let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
              let cosine = 1 / (1 + tangent * tangent).squareRoot()
              let sine = cosine * tangent
              rotate(c, i * m, j * m, m, cosine, sine)
              rotate(v, i * n, j * n, n, cosine, sine)
            }
          }
        }
      }
    }
    let norms = (0..<n).map { i in
      columns[i * m..<(i + 1) * m].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let order = (0..<n).sorted { (norms[$1], $0) < (norms[$0], $1) }
    values = order.map { norms[$0] }
    var left = Dense(rows: m, columns: n)
    var right = Dense(rows: n, columns: n)
    for (place, i) in order.enumerated() {
      let scale = norms[i] > 0 ? 1 / norms[i] : 0
      for t in 0..<m { left.values[t * n + place] = columns[i * m + t] * scale }
      for t in 0..<n { right.values[t * n + place] = turns.values[i * n + t] }
    }
    (u, v) = (left, right)
  }

  /// The leading `count` and some more, from a random subspace that is sharpened twice. Halko et
  /// al. 2011, "Finding Structure with Randomness", algorithms 4.4 and 5.1.
  ///
  /// - Parameter bits: random ones, by a counter.
  init(leading count: Int, of a: Dense, bits: (Int) -> UInt64) {
    let width = min(count + 8, min(a.rows, a.columns))
    var sketch = Dense(rows: a.columns, columns: width)
    for place in sketch.values.indices {
      sketch.values[place] = Double(Int64(bitPattern: bits(place))) * 0x1p-63
    }
    let other = a.transposed
    var range = (a * sketch).orthonormal
    for _ in 0..<2 { range = (a * (other * range).orthonormal).orthonormal }
    let inner = SingularValues(range.transposed * a)
    (u, values, v) = (range * inner.u, inner.values, inner.v)
  }

  /// The part of the matrix that the leading `k` directions give.
  func reconstruction(_ k: Int) -> Dense {
    var scaled = u.prefix(k)
    for i in 0..<scaled.rows {
      for j in 0..<k { scaled.values[i * k + j] *= values[j] }
    }
    return scaled * v.prefix(k).transposed
  }
}

private func rotate(
  _ v: UnsafeMutableBufferPointer<Double>, _ i: Int, _ j: Int, _ count: Int, _ cosine: Double,
  _ sine: Double
) {
  for t in 0..<count {
    let (x, y) = (v[i + t], v[j + t])
    v[i + t] = cosine * x - sine * y
    v[j + t] = sine * x + cosine * y
  }
}
