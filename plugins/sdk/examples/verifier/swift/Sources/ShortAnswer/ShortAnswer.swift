import TemperPlugin

/// Right if the last word of the completion is the row's answer, and the completion is short.
struct ShortAnswer: Verifier {
  struct Configuration: RewardConfiguration {
    /// The key of the row that holds the gold answer.
    var gold = "answer"
    var longest = 200  // tokens
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "org.example.short-answer"
  static let version = "1.0.0"
  static let summary = "Right if the last word is the row's answer, and there are few words."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    guard configuration.longest > 0 else {
      throw PluginError.invalidConfiguration(
        "'longest' must be at least 1; it is \(configuration.longest)")
    }
    (self.configuration, self.host) = (configuration, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    guard let gold = try sample.field(configuration.gold) else {
      throw PluginError.invalidInput("the row has no '\(configuration.gold)'")
    }
    let words = sample.completion.split(whereSeparator: \.isWhitespace)
    guard let answer = words.last.map(String.init) else { return .unparsable("it is empty") }
    host.record("words", Double(words.count))
    guard sample.tokens.count <= configuration.longest else {
      return .wrong("longer than \(configuration.longest) tokens", answer: answer)
    }
    return answer == gold ? .right(answer: answer) : .wrong("expected \(gold)", answer: answer)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(ShortAnswer.self) }
