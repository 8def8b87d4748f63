import TemperPlugin

/// Asks plainly, or for an answer behind a marker, which it then scores.
struct TwoWordings: PromptPool {
  struct Configuration: PluginConfiguration {
    /// What stands in front of the answer.
    var marker = "Answer:"
  }

  static let id = "org.example.two-wordings"
  static let version = "1.0.0"
  static let summary = "Asks plainly, or for an answer behind a marker."

  let templates: [PromptTemplate]

  init(_ configuration: Configuration, host: Host) throws {
    let marker = configuration.marker
    guard !marker.isEmpty else {
      throw PluginError.invalidConfiguration("'marker' is empty; write what stands before answers")
    }
    templates = [
      PromptTemplate("plain"),
      PromptTemplate(
        "marked", user: { "\($0)\n\nEnd with '\(marker)' and your answer." },
        form: { $0.contains(marker) ? 1 : 0 }),
    ]
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(TwoWordings.self) }
