import TemperPlugin

/// Puts each problem in other words at each visit, with a score for keeping to the form asked for.
///
/// Wang et al. 2026, "Prompt augmentation" (arXiv:2602.03190). The families and their scores are
/// the paper's; the wording is our own.
struct Augmentation: PromptPool {
  struct Configuration: PluginConfiguration {
    /// Names of the templates to draw from; all of them where none is named.
    var templates: [String] = []
  }

  static let id = "temper.augmentation"
  static let version = "1.0.0"
  static let summary = "Draws one of 13 instruction templates for each visit to a problem."

  let templates: [PromptTemplate]

  init(_ configuration: Configuration, host: Host) throws {
    let pool = Self.pool
    guard !configuration.templates.isEmpty else {
      templates = pool
      return
    }
    templates = try configuration.templates.map { name in
      guard let template = pool.first(where: { $0.name == name }) else {
        throw PluginError.invalidConfiguration(
          "'templates' names '\(name)'; there are \(pool.map(\.name).joined(separator: ", "))")
      }
      return template
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Augmentation.self) }
