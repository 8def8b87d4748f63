import Checkpoints
import Foundation
import JSON
import Reports
import Tokenizers

/// What a report says of a run beside its records: its settings, how far it was to go, and the
/// texts of its tokens.
func aboutRun(_ folder: RunFolder) throws -> RunReport.About {
  var about = RunReport.About()
  var model: String?
  if let run = GRPOConfiguration.table.read(folder.configuration, over: GRPOConfiguration()) {
    about.settings = GRPOConfiguration.table.settings(of: run, beside: GRPOConfiguration())
    (about.plannedSteps, model) = (run.training.steps, run.run.model)
  } else if let run = SFTConfiguration.table.read(folder.configuration, over: SFTConfiguration()) {
    about.settings = SFTConfiguration.table.settings(of: run, beside: SFTConfiguration())
    (about.plannedSteps, model) = (run.training.steps, run.run.model)
  }
  let kept = folder.checkpoints().all().last?.model
  for place in [kept, model.map { URL(filePath: $0, directoryHint: .isDirectory) }] {
    guard let place, let tokenizer = try? Tokenizer(folder: place) else { continue }
    about.decode = { tokenizer.decode([$0], skipSpecial: false) }
    about.settings = about.settings.map { $0.besideDefaultDetectors(tokenizer) }
    break
  }
  return about
}

extension RunReport.Setting {
  /// A run writes down all detectors that watched it, those too that nobody asked for.
  fileprivate func besideDefaultDetectors(_ tokenizer: Tokenizer) -> Self {
    guard key == "detectors",
      let ready = try? ReadyDetectors(
        [], defaults: .standard, folders: [], seed: 0, tokenizer: tokenizer)
    else { return self }
    return Self(
      key: key, value: value, standard: JSONLiteral.array(ready.resolved.map(\.literal)).words)
  }
}

extension SettingsTable {
  /// The configuration in a file; `nil` where it is not one of this table's.
  fileprivate func read(_ file: URL, over defaults: Root) -> Root? {
    var root = defaults
    do { try apply(file: file, to: &root) } catch { return nil }
    return root
  }

  /// Every setting with what it would be had nobody set it.
  fileprivate func settings(of root: Root, beside defaults: Root) -> [RunReport.Setting] {
    settings.map { setting in
      RunReport.Setting(
        key: setting.key, value: setting.literal(root).words,
        standard: setting.literal(defaults).words)
    }
  }
}

extension JSONLiteral {
  private var isFlat: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private var nested: String {
    if case .object = self { "(\(words))" } else { words }
  }

  /// As a person would say it: none for what is not set, a line for each of a list, and plugins as
  /// on the command line.
  fileprivate var words: String {
    switch self {
    case .null, .array([]), .string(""): "none"
    case .array(let members) where members.allSatisfy(\.isFlat):
      members.map(\.plain).joined(separator: ", ")
    case .array(let members): members.map(\.words).joined(separator: "\n")
    case .object(let members):
      if case .string(let name)? = self["name"], case .object(let config)? = self["config"] {
        config.isEmpty ? name : "\(name): \(JSONLiteral.object(config).words)"
      } else {
        members.map { "\($0.key) \($0.value.nested)" }.joined(separator: ", ")
      }
    case .double(let value) where value == value.rounded() && abs(value) < 1e9: "\(Int(value))"
    default: plain
    }
  }
}
