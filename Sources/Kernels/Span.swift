import CKernels
import Tensors

/// Rows of a batch that are consecutive positions of one sequence, and the pages where that
/// sequence's keys and values live.
public struct Span: Sendable {
  public let firstRow: Int
  public let rows: Int
  /// The position of the first row, which is also how many keys the sequence has before it.
  public let position: Int
  /// Kept where its address does not move, for the kernels of every layer.
  let table: Storage<Int32>
  /// The smallest and the largest page in it, so that a layer need not look at each.
  let pages: ClosedRange<Int32>

  /// - Parameter table: the sequence's pages in order of position.
  public init(firstRow: Int, rows: Int, position: Int, table: [Int32]) {
    precondition(
      firstRow >= 0 && rows >= 0 && position >= 0,
      "a span of \(rows) rows from \(firstRow), position \(position)")
    (self.firstRow, self.rows, self.position) = (firstRow, rows, position)
    self.table = Storage(table)
    pages = (table.min() ?? 0)...(table.max() ?? 0)
  }
}

extension [Span] {
  /// Calls `body` with the form that kernels read.
  func withKernelSpans(_ body: (UnsafePointer<tk_span>, Int64) -> Void) {
    withUnsafeTemporaryAllocation(of: tk_span.self, capacity: Swift.max(count, 1)) { buffer in
      for (index, span) in enumerated() {
        buffer.initializeElement(
          at: index,
          to: tk_span(
            first_row: Int64(span.firstRow), rows: Int64(span.rows),
            position: Int64(span.position), table: span.table.pointer))
      }
      withExtendedLifetime(self) { body(UnsafePointer(buffer.baseAddress!), Int64(count)) }
    }
  }

  func check(rows: Int) {
    for span in self {
      precondition(
        span.firstRow + span.rows <= rows,
        "a span of rows \(span.firstRow)..<\(span.firstRow + span.rows) in a batch of \(rows)")
    }
  }
}
