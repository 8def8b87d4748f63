import Glibc

/// A matrix in double, row by row.
struct Dense {
  let rows: Int
  let columns: Int
  var values: [Double]

  init(rows: Int, columns: Int, _ values: [Double]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, Array(repeating: 0, count: rows * columns))
  }

  var transposed: Dense {
    var result = Dense(rows: columns, columns: rows)
    for i in 0..<rows {
      for j in 0..<columns { result.values[j * rows + i] = values[i * columns + j] }
    }
    return result
  }

  static func - (a: Dense, b: Dense) -> Dense {
    Dense(rows: a.rows, columns: a.columns, zip(a.values, b.values).map { $0 - $1 })
  }

  static func * (a: Dense, b: Dense) -> Dense {
    var result = Dense(rows: a.rows, columns: b.columns)
    result.values.withUnsafeMutableBufferPointer { out in
      a.values.withUnsafeBufferPointer { left in
        b.values.withUnsafeBufferPointer { right in
          for i in 0..<a.rows {
            for k in 0..<a.columns {
              let factor = left[i * a.columns + k]
              guard factor != 0 else { continue }
              for j in 0..<b.columns { out[i * b.columns + j] += factor * right[k * b.columns + j] }
            }
          }
        }
      }
    }
    return result
  }

  /// The first columns.
  func prefix(_ count: Int) -> Dense {
    var result = Dense(rows: rows, columns: count)
    for i in 0..<rows {
      for j in 0..<count { result.values[i * count + j] = values[i * columns + j] }
    }
    return result
  }

  var squares: Double { values.reduce(0) { $0 + $1 * $1 } }

  /// The columns made orthonormal, twice over (Gram and Schmidt); what is left of none becomes 0.
  var orthonormal: Dense {
    var rows = transposed  // a column as a row
    let length = rows.columns
    rows.values.withUnsafeMutableBufferPointer { v in
      for i in 0..<columns {
        for _ in 0..<2 {
          for j in 0..<i {
            var dot = 0.0
            for t in 0..<length { dot += v[i * length + t] * v[j * length + t] }
            for t in 0..<length { v[i * length + t] -= dot * v[j * length + t] }
          }
        }
        var norm = 0.0
        for t in 0..<length { norm += v[i * length + t] * v[i * length + t] }
        let scale = norm > 1e-300 ? 1 / norm.squareRoot() : 0
        for t in 0..<length { v[i * length + t] *= scale }
      }
    }
    return rows.transposed
  }
}
