import COpenBLAS

/// The singular values of a matrix, and its leading singular vectors, from the eigenvalues of its
/// Gram matrix in double precision: values below 1e-8 of the largest are rounding.
struct Spectrum {
  /// Descending, as many as the shorter side has.
  let values: [Double]
  /// `[k, rows]` and `[k, columns]`, a vector a row; empty where only values were asked for.
  let left, right: [Double]

  /// - Parameters:
  ///   - matrix: `[rows, columns]`, row-major.
  ///   - vectors: how many leading ones are wanted; 0 for none.
  init(_ matrix: [Double], rows: Int, columns: Int, vectors k: Int) {
    precondition(matrix.count == rows * columns, "\(matrix.count) for \(rows) x \(columns)")
    let isWide = columns > rows
    let n = min(rows, columns)
    precondition(k <= n, "\(k) vectors of \(n)")
    var gram = [Double](repeating: 0, count: n * n)
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, isWide ? CblasNoTrans : CblasTrans, Int32(n),
      Int32(max(rows, columns)), 1, matrix, Int32(columns), 0, &gram, Int32(n))
    // Row-major upper is column-major lower.
    let eigenvalues = Self.eigen(&gram, n, vectors: k > 0)
    values = eigenvalues.reversed().map { max($0, 0).squareRoot() }
    guard k > 0 else {
      (left, right) = ([], [])
      return
    }
    // Eigenvectors stand one a row, ascending.
    let near = (0..<k).flatMap { gram[(n - 1 - $0) * n..<(n - $0) * n] }
    var far = [Double](repeating: 0, count: k * max(rows, columns))
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, isWide ? CblasNoTrans : CblasTrans, Int32(k),
      Int32(max(rows, columns)), Int32(n), 1, near, Int32(n), matrix, Int32(columns), 0, &far,
      Int32(max(rows, columns)))
    let width = max(rows, columns)
    for index in 0..<k {
      let row = index * width..<(index + 1) * width
      let norm = far[row].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 0 { for place in row { far[place] /= norm } }
    }
    (left, right) = isWide ? (near, far) : (far, near)
  }

  /// Eigenvalues of a symmetric `[n, n]`, ascending; with `vectors`, its rows become theirs.
  private static func eigen(_ matrix: inout [Double], _ n: Int, vectors: Bool) -> [Double] {
    var (job, triangle): (CChar, CChar) = (
      CChar(UInt8(ascii: vectors ? "V" : "N")), CChar(UInt8(ascii: "L"))
    )
    var size = Int32(n)
    var values = [Double](repeating: 0, count: n)
    var (best, bestInteger) = (0.0, Int32(0))
    var (query, status): (Int32, Int32) = (-1, 0)
    dsyevd_(
      &job, &triangle, &size, &matrix, &size, &values, &best, &query, &bestInteger, &query,
      &status, 1, 1)
    var (count, integerCount) = (Int32(best), bestInteger)
    var work = [Double](repeating: 0, count: Int(count))
    var integers = [Int32](repeating: 0, count: Int(integerCount))
    dsyevd_(
      &job, &triangle, &size, &matrix, &size, &values, &work, &count, &integers, &integerCount,
      &status, 1, 1)
    precondition(status == 0, "dsyevd of \(n) x \(n) ended with \(status)")
    return values
  }
}
