import Datasets
import Foundation
import JSON
import Rollouts
import Tokenizers
import Training
import Trajectories

/// The openings of an environment's tasks, as prompts.
struct EpisodePrompts: PromptSource {
  private enum Tasks {
    /// Of seeds from a first one on; `nil` goes on for ever.
    case seeds(first: UInt64, DataOrder?)
    case rows([TaskRows.Row], DataOrder)
  }

  /// Seeds from here on are of tasks that are never trained on.
  private static let evaluationSeeds = UInt64(1) << 62

  private let episodes: EpisodeSettings
  private let tokenizer: Tokenizer
  private let tasks: Tasks
  /// Different tasks; `nil` without end.
  let count: Int?

  /// Tasks to be trained on: rows of the data file where there is one, else generated ones.
  init(
    _ episodes: EpisodeSettings, _ tokenizer: Tokenizer, rows: TaskRows?, tasks: Int, seed: UInt64,
    shuffle: Bool
  ) {
    (self.episodes, self.tokenizer) = (episodes, tokenizer)
    count = rows?.rows.count ?? (tasks > 0 ? tasks : nil)
    let order = count.map { DataOrder(count: $0, seed: seed, shuffle: shuffle) }
    self.tasks = rows.map { .rows($0.rows, order!) } ?? .seeds(first: 0, order)
  }

  /// Tasks to be measured on.
  init(
    evaluating episodes: EpisodeSettings, _ tokenizer: Tokenizer, rows: TaskRows?, problems: Int
  ) {
    (self.episodes, self.tokenizer) = (episodes, tokenizer)
    let count = rows?.rows.count ?? problems
    self.count = count
    let order = DataOrder(count: count, seed: 0, shuffle: false)
    tasks = rows.map { .rows($0.rows, order) } ?? .seeds(first: Self.evaluationSeeds, order)
  }

  func prompts(from first: Int, count: Int, copies: Int) throws -> [Prompt] {
    places(from: first, count: count).flatMap { place -> [Prompt] in
      Array(repeating: prompt(place), count: copies)
    }
  }

  /// Every task once.
  func all() -> [Prompt] { (0..<count!).map(prompt) }

  private func places(from first: Int, count: Int) -> [Int] {
    switch tasks {
    case .seeds(_, nil): Array(first..<first + count)
    case .seeds(_, let order?), .rows(_, let order): order.places(from: first, count: count)
    }
  }

  private func prompt(_ place: Int) -> Prompt {
    switch tasks {
    case .seeds(let first, _):
      episodes.prompt(
        id: "task-\(place)", index: place, row: nil, seed: first + UInt64(place), tokenizer)
    case .rows(let rows, _):
      episodes.prompt(
        id: rows[place].id, index: place, row: rows[place].json, seed: UInt64(place), tokenizer)
    }
  }
}

extension DataConfiguration {
  /// The rows of the file for an environment; `nil` where it makes its own tasks.
  ///
  /// - Parameter needsRows: whether the environment cannot.
  func taskRows(needsRows: Bool) throws -> TaskRows? {
    guard !path.isEmpty else {
      guard !needsRows else {
        throw ConfigurationError.missing(
          key: "data", help: "a JSON Lines file: the environment's tasks are rows")
      }
      return nil
    }
    return try TaskRows(
      contentsOf: URL(filePath: path), fields: FieldNames(fields), limit: limit)
  }
}
