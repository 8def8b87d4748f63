import Arena
import Foundation
import JSON

/// Everything that `temper arena` can be told.
struct ArenaConfiguration: Sendable {
  var model = ""
  var grpo = ""
  var data = ""
  var test = ""
  var samples = 16
  var methods: [ArenaMethodChoice] = []
  var seeds: [Int] = [1, 2, 3]
  var learningRates: [Double] = []
  var tuningSeed = 100
  var output = "runs/arena"
  var jobs = 1
  var threads = 1
  var pluginFolders: [String] = []

  static let table = SettingsTable<ArenaConfiguration>(sections: [
    (
      "Task",
      [
        Setting("model", \.model, help: "The model's folder: every run starts from it."),
        Setting(
          "grpo", \.grpo, help: "A YAML file of temper grpo's settings, the same for every run."),
        Setting("data", \.data, help: "The rows to learn from, JSON Lines."),
        Setting("test", \.test, help: "The rows to measure on, JSON Lines."),
        Setting(
          "samples", \.samples,
          help: "Completions sampled of each row of the test; pass@k for k up to that many."),
      ]
    ),
    (
      "Methods",
      [
        Setting(
          "methods", \.methods, "method",
          help:
            "An intervention as temper grpo --entropy takes it. In the file also {name, entropy, strength: {key, values}}; plain GRPO is always there."
        ),
        Setting("seeds", \.seeds, help: "Seeds that are reported."),
        Setting(
          "plugin_folders", \.pluginFolders, "plugins", help: "A further folder with plugins."),
      ]
    ),
    (
      "Tuning",
      [
        Setting(
          "tuning.learning_rates", \.learningRates, "learning-rates",
          help: "Tried on plain GRPO; the best one holds for every method."),
        Setting(
          "tuning.seed", \.tuningSeed,
          help: "The seed on which learning rate and strengths are chosen."),
      ]
    ),
    (
      "Runs",
      [
        Setting("output", \.output, help: "The folder of all runs, the tables and the page."),
        Setting("jobs", \.jobs, help: "Runs at a time."),
        Setting("threads", \.threads, help: "Threads of each run."),
      ]
    ),
  ])

  /// - Throws: ``ConfigurationError`` for what is missing or cannot be.
  func plan() throws(ConfigurationError) -> ArenaPlan {
    for (key, value, help) in [
      ("model", model, "the model's folder"), ("data", data, "the rows to learn from"),
      ("test", test, "the rows to measure on"),
    ] where value.isEmpty { throw .missing(key: key, help: help) }
    for (key, value) in [("jobs", jobs), ("threads", threads), ("samples", samples)]
    where value < 1 {
      throw .invalid(key: key, value: "\(value)", remedy: "at least 1 is needed")
    }
    guard !seeds.isEmpty, Set(seeds).count == seeds.count, seeds.allSatisfy({ $0 >= 0 }) else {
      throw .invalid(key: "seeds", value: "\(seeds)", remedy: "name different seeds, from 0 on")
    }
    guard !seeds.contains(tuningSeed) else {
      throw .invalid(
        key: "tuning.seed", value: "\(tuningSeed)",
        remedy: "a seed on which settings are chosen cannot be reported; take another")
    }
    if let rate = learningRates.first(where: { !($0 > 0) }) {
      throw .invalid(key: "tuning.learning_rates", value: "\(rate)", remedy: "rates are above 0")
    }
    let methods = [ArenaPlan.Method(name: "grpo", entropy: nil)] + methods.map(\.method)
    for (index, method) in methods.enumerated()
    where methods[..<index].contains(where: { $0.name == method.name }) {
      throw .invalid(
        key: "methods", value: method.name,
        remedy: "two have that name; tell them apart by {name: ..., entropy: ...}")
    }
    return ArenaPlan(
      methods: methods, seeds: seeds,
      tuning: .init(seed: tuningSeed, learningRates: learningRates))
  }
}

/// A method as the user names it: `steer:lambda_min=0.7`, or in a file
/// `{name: gentle, entropy: "steer:mapping=exp", strength: {key: lambda_min, values: [0.7, 0.9]}}`.
struct ArenaMethodChoice: SettingValue {
  static let kind = "NAME[:key=value,...]"

  let method: ArenaPlan.Method

  private init(_ method: ArenaPlan.Method) { self.method = method }

  init?(settingText: String) {
    guard let choice = PluginChoice(settingText: settingText) else { return nil }
    self.init(ArenaPlan.Method(name: choice.request.name, entropy: settingText))
  }

  init?(settingLiteral: JSONLiteral) {
    switch settingLiteral {
    case .string(let text):
      self.init(settingText: text)
    case .object(let members):
      guard case .string(let entropy)? = settingLiteral["entropy"],
        let plain = ArenaMethodChoice(settingText: entropy),
        members.allSatisfy({ ["name", "entropy", "strength"].contains($0.key) })
      else { return nil }
      var method = plain.method
      if let name = settingLiteral["name"] {
        guard case .string(let name) = name, Self.isFolderName(name) else { return nil }
        method.name = name
      }
      if let strength = settingLiteral["strength"] {
        guard case .string(let key)? = strength["key"], let list = strength["values"],
          let values = [Double](settingLiteral: list), !values.isEmpty
        else { return nil }
        method.strength = ArenaPlan.Strength(key: key, values: values)
      }
      self.init(method)
    default: return nil
    }
  }

  var literal: JSONLiteral {
    [
      "name": .string(method.name), "entropy": .string(method.entropy ?? ""),
      "strength": method.strength.map {
        ["key": .string($0.key), "values": .array($0.values.map { .double($0) })]
      } ?? .null,
    ]
  }

  /// Names become folders.
  private static func isFolderName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.allSatisfy { $0 != "/" && !$0.isNewline }
  }
}
