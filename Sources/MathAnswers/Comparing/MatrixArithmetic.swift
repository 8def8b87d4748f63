/// Sums, products, transposes and determinants of matrices, as expressions.
struct MatrixArithmetic {
  private typealias Rows = [[Expression]]

  /// Nodes that an expression may come to.
  private static let largest = 20_000

  private let work: Work

  init(_ work: Work) { self.work = work }

  /// The same expression with everything that is done to matrices done.
  func resolved(_ expression: Expression) throws(Stop) -> Expression {
    guard expression.hasMatrix else { return expression }
    try work.spend(8)
    var parts: [Expression] = []
    for child in expression.children { parts.append(try resolved(child)) }
    let result = try computed(expression.rebuilt(parts))
    // Products of products would double with every level.
    var room = Self.largest
    guard result.fits(in: &room) else { throw .tooLarge }
    try work.spend(Self.largest - room)
    return result
  }

  private func computed(_ node: Expression) throws(Stop) -> Expression {
    switch node {
    case .negated(.matrix(let rows)): return .matrix(rows.map { $0.map { .negated($0) } })
    case .quotient(.matrix(let rows), let divisor) where !divisor.hasMatrix:
      return .matrix(rows.map { $0.map { .quotient($0, divisor) } })
    case .sum(let terms): return try sum(terms)
    case .product(let factors): return try product(factors)
    case .function(.transpose, let arguments):
      guard case .matrix(let rows)? = arguments.first else { return node }
      return .matrix(rows[0].indices.map { column in rows.map { $0[column] } })
    case .function(.determinant, let arguments), .function(.absolute, let arguments):
      guard case .matrix(let rows)? = arguments.first else { return node }
      return try determinant(rows)
    default: return node
    }
  }

  private func sum(_ terms: [Expression]) throws(Stop) -> Expression {
    guard case .matrix(var total)? = terms.first else { return .sum(terms) }
    for term in terms.dropFirst() {
      guard case .matrix(let rows) = term, rows.count == total.count,
        rows[0].count == total[0].count
      else { return .sum(terms) }
      for (i, row) in rows.enumerated() {
        try work.spend(row.count * 4)
        for (j, entry) in row.enumerated() { total[i][j] = .sum([total[i][j], entry]) }
      }
    }
    return .matrix(total)
  }

  private func product(_ factors: [Expression]) throws(Stop) -> Expression {
    let scalars = factors.filter { !$0.hasMatrix }
    var result: Rows?
    for factor in factors where factor.hasMatrix {
      guard case .matrix(let rows) = factor else { return .product(factors) }
      guard let left = result else {
        result = rows
        continue
      }
      guard left[0].count == rows.count, rows.count <= 8, left.count <= 8, rows[0].count <= 8 else {
        return .product(factors)
      }
      try work.spend(left.count * rows.count * rows[0].count * 8)
      result = left.map { row in
        rows[0].indices.map { column in
          .sum(zip(row, rows).map { .product([$0, $1[column]]) })
        }
      }
    }
    guard var rows = result else { return .product(factors) }
    if !scalars.isEmpty { rows = rows.map { $0.map { .product(scalars + [$0]) } } }
    return .matrix(rows)
  }

  /// By the first row; matrices of more than five rows are left as they are.
  private func determinant(_ rows: Rows) throws(Stop) -> Expression {
    guard rows.count == rows[0].count, rows.count <= 5 else { throw .undecided }
    try work.spend(rows.count * rows.count * 8)
    if rows.count == 1 { return rows[0][0] }
    var terms: [Expression] = []
    for (column, entry) in rows[0].enumerated() {
      let minor = rows.dropFirst().map { row in
        row.indices.filter { $0 != column }.map { row[$0] }
      }
      let term = Expression.product([entry, try determinant(minor)])
      terms.append(column % 2 == 0 ? term : .negated(term))
    }
    return .sum(terms)
  }
}
