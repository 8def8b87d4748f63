/// The rows of a data set that are within the limit of tokens.
struct Selection: Sendable {
  /// Places in the data set, in the order of the file.
  let indices: [Int]
  let skipped: Int
  /// The most tokens among the rows that are kept.
  let longest: Int

  /// - Parameter length: the tokens of a row; what it throws makes the row one that cannot be used.
  init(
    of dataset: Dataset, _ options: PromptOptions, length: (Row) throws -> Int
  ) throws {
    var indices: [Int] = []
    var longest = 0
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
          longest = max(longest, count)
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
    (self.indices, skipped, self.longest) = (indices, long.count, longest)
  }
}
