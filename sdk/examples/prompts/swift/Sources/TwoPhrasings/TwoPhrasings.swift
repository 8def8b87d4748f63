import TemperPlugin

/// Asks for the answer behind a mark, in one of two wordings.
struct TwoPhrasings: PromptPool {
  struct Configuration: PluginConfiguration {
    /// What stands in front of the answer.
    var mark = "####"
  }

  static let id = "org.example.two-phrasings"
  static let version = "1.0.0"
  static let summary = "Asks for the answer behind a mark, in one of two wordings."

  let mark: String

  init(_ configuration: Configuration, host: Host) throws {
    guard !configuration.mark.isEmpty else {
      throw PluginError.invalidConfiguration("'mark' is empty; \"####\" is common")
    }
    mark = configuration.mark
  }

  var templates: [PromptTemplate] {
    [
      PromptTemplate("short", user: { "\($0)\nEnd with \(mark) and the answer." }, form: isMarked),
      PromptTemplate(
        "steps", system: "You work step by step.",
        user: { "\($0)\nShow each step. Write the answer behind \(mark)." }, form: isMarked),
    ]
  }

  /// 1 where the last line begins with the mark.
  @Sendable private func isMarked(_ completion: String) -> Double {
    completion.split(separator: "\n").last?.hasPrefix(mark) == true ? 1 : 0
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(TwoPhrasings.self) }
