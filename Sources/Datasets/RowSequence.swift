/// The rows of a data set that are within the limit of tokens, in an endless order that a seed
/// decides.
struct RowSequence: Sendable {
  /// Rows that were left out because they are too long.
  let skipped: Int
  private let dataset: Dataset
  /// Places in the data set, in the order of the file.
  private let indices: [Int]
  private let order: DataOrder

  /// - Parameter length: the tokens of a row; what it throws makes the row one that cannot be used.
  init(
    _ dataset: Dataset, _ options: PromptOptions, seed: UInt64, shuffle: Bool,
    length: (Row) throws -> Int
  ) throws {
    var indices: [Int] = []
    var problems: [String] = []
    var bad = 0
    var long: (lines: [Int], count: Int, longest: Int) = ([], 0, 0)
    let limit = options.maximumTokens ?? .max
    for index in 0..<dataset.count {
      let row = try dataset.row(at: index)
      do {
        let count = try length(row)
        if count <= limit {
          indices.append(index)
        } else {
          long.count += 1
          long.longest = max(long.longest, count)
          if long.lines.count < DatasetError.shown { long.lines.append(row.line) }
        }
      } catch {
        bad += 1
        if problems.count < DatasetError.shown {
          problems.append("\(dataset.name):\(row.line): \(error)")
        }
      }
    }
    guard bad == 0 else {
      throw DatasetError.rows(
        file: dataset.name, problems: problems, total: bad, count: dataset.count)
    }
    guard long.count == 0 || options.tooLong == .skip else {
      throw DatasetError.tooLong(
        file: dataset.name, lines: long.lines, total: long.count, count: dataset.count,
        longest: long.longest, limit: limit)
    }
    guard !indices.isEmpty else {
      throw DatasetError.nothingLeft(file: dataset.name, limit: limit)
    }
    (self.dataset, self.indices, skipped) = (dataset, indices, long.count)
    order = DataOrder(count: indices.count, seed: seed, shuffle: shuffle)
  }

  /// Rows in an epoch.
  var count: Int { indices.count }

  /// Rows `first..<first + count` of the sequence.
  func rows(from first: Int, count: Int) throws -> [Row] {
    try order.places(from: first, count: count).map { try dataset.row(at: indices[$0]) }
  }

  /// Every row once, in the order of the file.
  func all() throws -> [Row] { try indices.map(dataset.row) }
}
