import Foundation

/// A package for a new plugin: a copy, under the new plugin's name, of an example that builds,
/// passes its test and runs.
public struct PluginTemplate: Sendable {
  public enum Language: String, CaseIterable, Sendable { case swift, c }

  /// `entropy-floor`
  public let name: String
  public let kind: PluginKind
  public let language: Language

  /// - Throws: ``PluginTemplateError/name(_:reason:)``
  public init(
    name: String, kind: PluginKind, language: Language
  ) throws(PluginTemplateError) {
    try Self.check(name)
    (self.name, self.kind, self.language) = (name, kind, language)
  }

  /// Writes the package as a new folder.
  ///
  /// - Parameter sdk: what ``PluginSDK/folder(environment:executable:)`` finds.
  /// - Returns: the files, relative to the folder, sorted.
  /// - Throws: ``PluginTemplateError`` where the folder exists, or cannot be written.
  public func write(to folder: URL, sdk: URL) throws(PluginTemplateError) -> [String] {
    let files = FileManager.default
    guard !files.fileExists(atPath: folder.path) else { throw .exists(folder.path) }
    do {
      let written = try copy(sdk: sdk, to: folder)
      return written.sorted()
    } catch {
      try? files.removeItem(at: folder)
      throw .unwritable(folder.path, reason: error.localizedDescription)
    }
  }

  private func copy(sdk: URL, to folder: URL) throws -> [String] {
    let example = sdk.appending(path: "examples/\(kind.rawValue)/\(language.rawValue)")
    let names = try FileManager.default.subpathsOfDirectory(atPath: example.path)
    var written: [String] = []
    func write(_ text: String, _ name: String) throws {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: false, encoding: .utf8)
      written.append(name)
    }
    for name in names where !isFolder(example.appending(path: name)) && !isBuilt(name) {
      let text = try String(contentsOf: example.appending(path: name), encoding: .utf8)
      try write(renamed(text, sdk: sdk), renamed(name, sdk: sdk))
    }
    if language == .c {
      let header = sdk.appending(path: "Sources/CPluginABI/include/temper_plugin.h")
      try write(String(contentsOf: header, encoding: .utf8), "temper_plugin.h")
    }
    try write(language == .swift ? ".build/\n" : "*.so\ntest\n", ".gitignore")
    return written
  }

  private func isFolder(_ url: URL) -> Bool {
    (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
  }

  /// What a build in the source tree leaves beside an example.
  private func isBuilt(_ name: String) -> Bool {
    name.hasPrefix(".") || name.hasSuffix(".so") || name == "test"
  }

  /// The example's three spellings of its name as the new plugin's, and where its parts lie.
  private func renamed(_ text: String, sdk: URL) -> String {
    let old = kind.example
    return text.replacing(old, with: name)
      .replacing(Self.typeName(old), with: Self.typeName(name))
      .replacing(Self.cName(old), with: Self.cName(name))
      .replacing(#"path: "../../..""#, with: "path: \"\(sdk.path)\"")
      .replacing("INCLUDE := ../../../Sources/CPluginABI/include", with: "INCLUDE := .")
  }

  /// `EntropyFloor`
  static func typeName(_ name: String) -> String {
    name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// `entropy_floor`
  static func cName(_ name: String) -> String { name.replacing("-", with: "_") }

  private static func check(_ name: String) throws(PluginTemplateError) {
    let allowed = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard allowed, name.first?.isLetter == true, name.last != "-", !name.contains("--"),
      name.utf8.count <= 64
    else {
      throw .name(
        name,
        reason: "a name is of small letters, digits and single hyphens, and starts with a letter")
    }
    guard !taken.contains(typeName(name)) else {
      throw .name(name, reason: "'\(typeName(name))' means something in Swift or the SDK")
    }
  }

  /// Types and modules that a plugin's type of the same name would hide.
  private static let taken: Set = [
    "Additions", "Alarm", "AlarmSettings", "Alarms", "Any", "Array", "AttentionHead", "Bool",
    "CUSUM", "Character", "Configuration", "Data", "DetectionEvent", "Detector", "DetectorNeeds",
    "Dictionary", "Double", "EntropyIntervention", "EntropyNeeds", "Environment", "Episode",
    "EpisodeTask", "Error", "Finding", "Findings", "Float", "Float16", "Frozen", "Host", "Int",
    "Int32", "Judgement", "Lanes", "LogitRow", "MannKendall", "Message", "ModelTurn",
    "MovingAverage", "NoState", "Nucleus", "Observation", "Observed", "Optional", "Outcomes",
    "PageHinkley", "Plugin", "PluginChoice", "PluginConfiguration", "PluginError", "PluginState",
    "PromptPool", "PromptTemplate", "Result", "RewardConfiguration", "Row", "Run", "Sample",
    "SeededRandom", "Self", "Sequence", "Set", "Shaping", "State", "Step", "String", "Substring",
    "Swift", "Task", "Temper", "TemperPlugin", "TensorView", "Test", "Testing", "Tokenizer",
    "Tokens", "Tool", "ToolCall", "TrainedTokens", "Transition", "Trial", "Type", "UInt32",
    "UInt64", "UInt8", "Verifier", "Void", "WantedToken", "Window", "World",
  ]
}

extension PluginKind {
  /// The plugin in the SDK's examples that a new one starts from.
  var example: String {
    switch self {
    case .verifier: "short-answer"
    case .entropy: "entropy-floor"
    case .prompts: "two-wordings"
    case .environment: "higher-lower"
    case .detector: "loss-jump"
    }
  }
}
