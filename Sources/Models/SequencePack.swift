import Kernels

/// Whole sequences, packed end to end without padding, and the tokens of them that are scored.
///
/// A sequence of `n` ids makes `n - 1` rows: row `t` predicts id `t + 1`, and the last id predicts
/// nothing. Completions of one prompt share its rows: it runs forward and backward once. Pages of
/// keys and values are numbered from 0 in the order of the sequences.
public struct SequencePack {
  public private(set) var batch = RowBatch()
  /// The rows whose next id is scored, in order.
  public private(set) var scoredRows: [Int] = []
  /// The ids that those rows predict.
  public private(set) var targets: [Int32] = []
  /// The sequence of each scored row, in the order of appending, and the token of its completion,
  /// for errors.
  public private(set) var scoredSequences: [Int] = []
  private(set) var scoredTokens: [Int] = []
  private(set) var pageCount = 0
  private var sequenceCount = 0

  public init() {}

  /// Appends `prompt + completion`, of which the tokens `scored` of `completion` are scored, by
  /// default all. Without any there is nothing to run: the sequence counts, but makes no rows.
  ///
  /// - Parameter scored: ascending places in `completion`.
  public mutating func append(prompt: [Int32], completion: [Int32], scored: [Int]? = nil) {
    let scored = scored ?? Array(completion.indices)
    guard let last = scored.last else {
      sequenceCount += 1
      return
    }
    precondition(!prompt.isEmpty, "a sequence needs at least one id to predict the next from")
    let first = batch.count + prompt.count - 1
    appendRows(prompt + completion[..<last])
    scoredRows += scored.map { first + $0 }
    targets += scored.map { completion[$0] }
    scoredSequences += repeatElement(sequenceCount - 1, count: scored.count)
    scoredTokens += scored
  }

  /// Appends a sequence for each of `completions` behind the rows of one prompt; `scored` as in
  /// ``append(prompt:completion:scored:)``.
  public mutating func append(
    prompt: [Int32], completions: [(tokens: [Int32], scored: [Int])]
  ) {
    guard completions.count > 1 else {
      for only in completions {
        append(prompt: prompt, completion: only.tokens, scored: only.scored)
      }
      return
    }
    guard completions.contains(where: { !$0.scored.isEmpty }) else {
      sequenceCount += completions.count
      return
    }
    precondition(!prompt.isEmpty, "a sequence needs at least one id to predict the next from")
    let firstRow = batch.count
    let lastRow = firstRow + prompt.count - 1
    let shared = takePages(forKeys: prompt.count)
    batch.append(prompt, position: 0, table: shared)
    let full = prompt.count / KeyValuePages.pageSize
    let rest = prompt.count % KeyValuePages.pageSize
    for (tokens, scored) in completions {
      let rows = tokens[..<(scored.last ?? 0)]
      scoredRows += scored.map { $0 == 0 ? lastRow : batch.count + $0 - 1 }
      targets += scored.map { tokens[$0] }
      scoredSequences += repeatElement(sequenceCount, count: scored.count)
      scoredTokens += scored
      sequenceCount += 1
      guard !rows.isEmpty else { continue }
      let table = shared[..<full] + takePages(forKeys: rest + rows.count)
      batch.append(rows, position: prompt.count, table: Array(table))
      guard rest > 0 else { continue }
      batch.echoes.append(
        Span(
          firstRow: lastRow + 1 - rest, rows: rest, position: prompt.count - rest,
          table: Array(table)))
    }
  }

  /// Appends a sequence whose every id is a row, none of them scored.
  public mutating func appendRows(_ ids: [Int32], rotary: [Int32]? = nil) {
    sequenceCount += 1
    batch.append(ids, position: 0, table: takePages(forKeys: ids.count), rotary: rotary)
  }

  private mutating func takePages(forKeys keys: Int) -> [Int32] {
    let pages = (keys + KeyValuePages.pageSize - 1) / KeyValuePages.pageSize
    defer { pageCount += pages }
    return (pageCount..<pageCount + pages).map(Int32.init)
  }
}

extension SequencePack {
  /// Asks for the score of `target` as the id that follows row `row` of the last sequence appended.
  public mutating func score(row: Int, target: Int32) {
    precondition(row < batch.count, "row \(row) of \(batch.count)")
    precondition(scoredRows.last.map { $0 < row } ?? true, "rows are scored in order")
    scoredRows.append(row)
    targets.append(target)
    scoredTokens.append(scoredSequences.last == sequenceCount - 1 ? scoredTokens.last! + 1 : 0)
    scoredSequences.append(sequenceCount - 1)
  }
}
