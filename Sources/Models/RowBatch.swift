import Kernels

/// The rows of one forward pass: stretches of consecutive positions of several sequences.
///
/// A decode step has stretches of one row, a prefill and a training pass whole sequences; nothing
/// else distinguishes them.
public struct RowBatch {
  /// `[R]` the ids to be embedded.
  public var tokens: [Int32] = []
  /// `[R]` the rotary position of each row.
  public var positions: [Int32] = []
  /// Which rows belong together and where their keys and values live.
  public var spans: [Span] = []
  /// Rows whose keys and values a page of another sequence holds as well: the end of a shared
  /// prompt, in the page that a completion goes on in.
  public var echoes: [Span] = []

  public init() {}

  public var count: Int { tokens.count }

  /// Appends rows that continue a sequence at `position`.
  ///
  /// - Parameters:
  ///   - position: how many keys of the sequence are already cached.
  ///   - table: the sequence's pages, enough for `position + tokens.count` keys.
  ///   - rotary: the rotary positions, where they are not the positions themselves.
  public mutating func append(
    _ tokens: some Collection<Int32>, position: Int, table: [Int32], rotary: [Int32]? = nil
  ) {
    spans.append(
      Span(firstRow: count, rows: tokens.count, position: position, table: table))
    self.tokens += tokens
    positions += rotary ?? (position..<position + tokens.count).map(Int32.init)
  }
}
