import Numerals
import TemperPlugin

/// Compares the answer of a completion with the gold answer of its row, as numbers or as text.
struct Exact: Verifier {
  struct Configuration: RewardConfiguration {
    /// How the answer is found.
    var extract = Extraction.marker
    /// Texts in front of the answer; the first of them that occurs counts, where it occurs last.
    var marker = ["####", #"\boxed{"#]
    var compare = Comparison.number
    var ignoreCase = false
    /// The key of the row that holds the gold answer.
    var gold = "answer"
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.exact"
  static let version = "1.0.0"
  static let summary = "Compares the answer behind a marker with the row's, as number or text."

  let configuration: Configuration

  init(_ configuration: Configuration, host: Host) throws {
    if configuration.extract == .marker {
      guard !configuration.marker.isEmpty, !configuration.marker.contains("") else {
        throw PluginError.invalidConfiguration(
          "'marker' needs at least one text, and no empty one; for example [\"####\"]")
      }
    }
    self.configuration = configuration
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let gold = try gold(of: sample)
    guard let answer = configuration.extract.answer(in: sample.completion, configuration.marker)
    else { return .unparsable(configuration.extract.absence(configuration.marker)) }
    switch configuration.compare {
    case .number:
      guard let expected = Numeral(only: gold) else {
        return .failed("the gold answer '\(gold)' is not a number; compare=string compares text")
      }
      guard let number = Numeral(only: answer) else {
        return .unparsable("the answer is not one number", answer: answer)
      }
      return number == expected
        ? .right(answer: answer) : .wrong("expected \(gold)", answer: answer)
    case .string:
      let isEqual =
        configuration.ignoreCase ? answer.lowercased() == gold.lowercased() : answer == gold
      return isEqual ? .right(answer: answer) : .wrong("expected \(gold)", answer: answer)
    }
  }

  /// The row's gold answer; of a worked solution, what stands behind its last `####`.
  private func gold(of sample: Sample) throws -> String {
    guard let text = try sample.field(configuration.gold) else {
      throw PluginError.invalidInput("the row has no '\(configuration.gold)'")
    }
    let gold = text.after(last: "####") ?? text.trimmed
    guard !gold.isEmpty else {
      throw PluginError.invalidInput("the row's '\(configuration.gold)' is empty")
    }
    return gold
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Exact.self) }
