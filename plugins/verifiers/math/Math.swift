import MathAnswers
import TemperPlugin

/// Judges whether the answer of a completion is mathematically the gold answer of its row.
struct Math: Verifier {
  struct Configuration: RewardConfiguration {
    /// Where the answer is looked for.
    var extract = Extraction.boxed
    /// Sources to try in order, in the place of those that `extract` stands for.
    var priority: [String] = []
    /// Look only behind the last `</think>`.
    var skipThinking = true
    /// The key of the row that holds the gold answer, or a list of answers of which any will do.
    var gold = "answer"
    /// The key of the row that may hold an absolute tolerance for numbers.
    var tolerance = "error"
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.math"
  static let version = "1.0.0"
  static let summary = "Compares mathematical answers: LaTeX or plain, exactly or at many points."

  let configuration: Configuration
  let finder: AnswerFinder
  let seed: UInt64

  init(_ configuration: Configuration, host: Host) throws {
    var sources = configuration.extract.sources
    if !configuration.priority.isEmpty {
      sources = try configuration.priority.map { name in
        guard let source = AnswerSource(rawValue: name) else {
          let known = AnswerSource.allCases.map(\.rawValue).joined(separator: ", ")
          throw PluginError.invalidConfiguration(
            "'priority' has '\(name)'; the sources are \(known)")
        }
        return source
      }
    }
    finder = AnswerFinder(sources: sources, skipsThinking: configuration.skipThinking)
    // Identities are tested at points that a policy cannot know when it writes its answer.
    seed = host.randomBits(stream: 0, counter: 0)
    self.configuration = configuration
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let row = try TaskRow(sample, configuration)
    let isWhole = finder.sources == [.whole]
    guard let answer = finder.answer(in: sample.completion) else {
      return .unparsable(isWhole ? "the answer is empty" : "there is no answer")
    }
    let comparer = AnswerComparer(seed: seed, tolerance: row.tolerance)
    var judgement = Judgement.failed("the row has no gold answer")
    for gold in row.golds {
      let comparison = comparer.compare(gold: gold, prediction: answer)
      switch comparison.verdict {
      case .equal: return .right(answer: answer)
      case .different: judgement = .wrong(comparison.reason, answer: answer)
      case .unreadable:
        if judgement.verdict != .wrong {
          judgement = .unparsable(comparison.reason, answer: answer)
        }
      case .goldUnreadable:
        if judgement.verdict == .failed { judgement = .failed(comparison.reason) }
      }
    }
    return judgement
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Math.self) }
