import JSON
import Trajectories

/// What a model wrote for one problem, once.
public struct Completion: Sendable, Equatable {
  public let text: String
  /// The ids that the model wrote, the end token included.
  public let tokens: [Int32]
  public let stop: StopReason
  /// What the environment says of it; `nil` without one.
  public let judgement: Judgement?

  public init(text: String, tokens: [Int32], stop: StopReason, judgement: Judgement? = nil) {
    (self.text, self.tokens, self.stop) = (text, tokens, stop)
    self.judgement = judgement
  }

  public init(_ trajectory: Trajectory) {
    // An episode that a cut turn ended is cut, whoever ended it.
    let last = trajectory.episode?.turns.last?.stop ?? trajectory.stop
    self.init(
      text: trajectory.text, tokens: trajectory.modelTokens,
      stop: trajectory.isTruncated ? last : trajectory.stop,
      judgement: trajectory.episode?.judgement)
  }

  /// True if a budget of tokens ended it, and not the model.
  public var isTruncated: Bool { stop.isTruncation }

  /// True if a block of 32 tokens stands three times or more in the last 256.
  public var isRepetitive: Bool {
    let tail = Array(tokens.suffix(256))
    guard tail.count >= 3 * 32 else { return false }
    var seen: [ArraySlice<Int32>: (count: Int, free: Int)] = [:]
    for start in 0...tail.count - 32 {
      let block = tail[start..<start + 32]
      let (count, free) = seen[block] ?? (0, 0)
      // Overlapping occurrences of a block are one.
      guard start >= free else { continue }
      if count == 2 { return true }
      seen[block] = (count + 1, start + 32)
    }
    return false
  }
}

/// One problem with everything that was written for it.
public struct AnsweredProblem: Sendable, Equatable {
  public let id: String
  /// The row's place in its file; randomness is keyed by it.
  public let index: Int
  /// The whole row of the data file as JSON.
  public let row: String
  /// The rendered text that the model was given.
  public let prompt: String
  /// The completion of highest probability, token by token; `nil` where none was asked for.
  public var greedy: Completion?
  /// `[n]`
  public var samples: [Completion] = []

  public init(_ prompt: Prompt) {
    (id, index, row, self.prompt) = (prompt.id, prompt.index, prompt.row, prompt.text)
  }

  public init(
    id: String, index: Int, row: String, prompt: String = "", greedy: Completion? = nil,
    samples: [Completion] = []
  ) {
    (self.id, self.index, self.row, self.prompt) = (id, index, row, prompt)
    (self.greedy, self.samples) = (greedy, samples)
  }

  /// The greedy completion first, where there is one.
  public var completions: [Completion] { (greedy.map { [$0] } ?? []) + samples }
}

/// Everything that one evaluation generated, with what somebody needs to generate it again.
public struct Generations: Sendable {
  /// The suite, data, wording, sampling and model: what decides the completions.
  public let conditions: [JSONLiteral.Member]
  /// In the order of the data file.
  public let problems: [AnsweredProblem]

  public init(conditions: [JSONLiteral.Member], problems: [AnsweredProblem]) {
    let samples = problems.first?.samples.count ?? 0
    precondition(
      problems.allSatisfy { $0.samples.count == samples }, "problems with other sample counts")
    (self.conditions, self.problems) = (conditions, problems)
  }

  /// Completions sampled for each problem.
  public var sampleCount: Int { problems.first?.samples.count ?? 0 }
  public var hasGreedy: Bool { problems.first?.greedy != nil }

  /// A condition by its key.
  public subscript(key: String) -> JSONLiteral? { conditions.first { $0.key == key }?.value }

  /// A digest of the rows, which tells files apart whose rows have no ids.
  var rowsDigest: JSONLiteral? { self["rows"] }

  // MARK: Length

  var completions: [Completion] { problems.flatMap(\.completions) }

  /// How long completions are, how many were cut short, how many went in circles.
  public var lengths: LengthSummary { LengthSummary(completions) }
}

/// The lengths of completions, in tokens.
public struct LengthSummary: Sendable, Equatable {
  public let mean: Double
  /// 19 of 20 completions are at most this long.
  public let percentile95: Int
  /// The share that ended at the limit of tokens.
  public let truncated: Double
  /// The share whose end repeats itself.
  public let repetitive: Double

  public init(_ completions: [Completion]) {
    let lengths = completions.map(\.tokens.count).sorted()
    let count = Double(max(lengths.count, 1))
    mean = Double(lengths.reduce(0, +)) / count
    percentile95 = lengths.isEmpty ? 0 : lengths[(lengths.count * 95 + 99) / 100 - 1]
    truncated = Double(completions.count(where: \.isTruncated)) / count
    repetitive = Double(completions.count(where: \.isRepetitive)) / count
  }

  var json: JSONLiteral {
    [
      "mean": .double(mean), "p95": .int(percentile95), "truncated": .double(truncated),
      "repetitive": .double(repetitive),
    ]
  }
}
