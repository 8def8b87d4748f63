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
  /// The sequence of each scored row, in the order of appending, for errors.
  public private(set) var scoredSequences: [Int] = []
  private(set) var pageCount = 0
  private var sequenceCount = 0

  public init() {}

  /// Appends `prompt + completion`, of which every token of `completion` is scored. Without a
  /// completion there is nothing to score: the sequence counts, but makes no rows.
  public mutating func append(prompt: [Int32], completion: [Int32]) {
    precondition(!prompt.isEmpty, "a sequence needs at least one id to predict the next from")
    guard !completion.isEmpty else {
      sequenceCount += 1
      return
    }
    let firstScored = batch.count + prompt.count - 1
    appendRows(prompt + completion.dropLast())
    scoredRows += firstScored..<firstScored + completion.count
    targets += completion
    scoredSequences += repeatElement(sequenceCount - 1, count: completion.count)
  }

  /// Appends a sequence for each of `completions` behind the rows of one prompt.
  public mutating func append(prompt: [Int32], completions: [[Int32]]) {
    guard completions.count > 1 else {
      if let only = completions.first { append(prompt: prompt, completion: only) }
      return
    }
    precondition(!prompt.isEmpty, "a sequence needs at least one id to predict the next from")
    let pageSize = KeyValuePages.pageSize
    let firstRow = batch.count
    let shared = takePages(forKeys: prompt.count)
    batch.append(prompt, position: 0, table: shared)
    let full = prompt.count / pageSize
    for completion in completions {
      let rows = completion.dropLast()
      scoredSequences += repeatElement(sequenceCount, count: completion.count)
      sequenceCount += 1
      targets += completion
      if !completion.isEmpty { scoredRows.append(firstRow + prompt.count - 1) }
      guard !rows.isEmpty else { continue }
      scoredRows += batch.count..<batch.count + rows.count
      let rest = prompt.count % pageSize
      let table = shared[..<full] + takePages(forKeys: rest + rows.count)
      batch.append(rows, position: prompt.count, table: Array(table))
      guard rest > 0 else { continue }
      batch.echoes.append(
        Span(
          firstRow: firstRow + prompt.count - rest, rows: rest, position: prompt.count - rest,
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
    scoredSequences.append(sequenceCount - 1)
  }
}
