import Detectors
import Models
import PluginHost
import Tokenizers

/// Which detectors watch a run that names none.
enum DetectorDefaults: String, SettingName {
  /// Those of ``ReadyDetectors/standard`` that the run does not name itself; they only warn.
  case standard = "default"
  case none
}

/// Detectors that are ready, and the choices that would make the same ones again.
struct ReadyDetectors {
  /// They cost next to nothing, and warn of what most often spoils a run.
  static let standard = ["entropy", "gradient-spike", "loss-spike", "mismatch", "reward", "length"]

  let set: DetectorSet
  let resolved: [PluginChoice]
  /// Of the standard ones, those that no folder has.
  let missing: [String]

  /// - Parameters:
  ///   - choices: the user's; each may say `every` and `max_action`.
  ///   - defaults: what stands in front of them.
  ///   - folders: searched before the usual ones.
  init(
    _ choices: [PluginChoice], defaults: DetectorDefaults, folders: [String], seed: UInt64,
    tokenizer: Tokenizer
  ) throws {
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, tokenizer: LentTokenizer(tokenizer))
    func make(_ choice: PluginChoice) throws -> (DetectorSet.Member, PluginChoice) {
      var request = choice.request
      let use = try request.takeDetectorUse()
      let ready = try catalog.detector(request, surroundings)
      let member = DetectorSet.Member(ready.detector, every: use.every, limit: use.limit)
      var configuration = ready.configuration
      configuration["every"] = .int(member.every)
      configuration["max_action"] = .string(member.limit.rawValue)
      return (
        member, PluginChoice(PluginRequest(name: choice.request.name, configuration: configuration))
      )
    }
    let named = try choices.map(make)
    var all: [(DetectorSet.Member, PluginChoice)] = []
    var missing: [String] = []
    for name in defaults == .none ? [] : Self.standard
    where !named.contains(where: { $0.0.name == name }) {
      do {
        all.append(try make(PluginChoice(PluginRequest(name: name))))
      } catch PluginHostError.unknown, PluginHostError.otherKind {
        missing.append(name)
      }
    }
    all += named
    set = try DetectorSet(all.map(\.0))
    resolved = all.map(\.1)
    self.missing = missing
  }

  /// Refuses what a model cannot show.
  func check(_ model: Transformer) throws(ConfigurationError) {
    guard model.weightType != .float32,
      let member = set.members.first(where: \.detector.needs.logitChange)
    else { return }
    throw .invalid(
      key: "run.dtype", value: model.weightType.rawValue,
      remedy: """
        and '\(member.name)' follows the logits along an update, which takes weights that are not \
        rounded. Use float32, or leave the detector out
        """)
  }

  /// That the run is watched less than it could be.
  var note: String? {
    guard !missing.isEmpty else { return nil }
    return """
      temper: the default detectors \(missing.joined(separator: ", ")) are not among the plugins, \
      so they do not watch this run; `temper plugins list` shows where plugins are looked for, and \
      --default-detectors none leaves them out without a word
      """
  }
}

/// Findings as a person wants to read them: what was done always, a warning that goes on once in a
/// while.
struct DetectionNotes {
  /// Steps in which a detector's warnings after the first are not repeated.
  static let pause = 20
  private var lastWarned: [String: Int] = [:]

  mutating func note(_ detection: Detection) -> String? {
    if detection.done.kind <= .warn {
      if let last = lastWarned[detection.detector], detection.step - last < Self.pause {
        return nil
      }
      lastWarned[detection.detector] = detection.step
    }
    return "temper: \(detection.message)"
  }
}
