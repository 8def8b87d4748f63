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
    break
  }
  return about
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
  /// As a person would say it: none for what is not set.
  fileprivate var words: String {
    self == .null || self == .array([]) || self == .string("") ? "none" : plain
  }
}
