import Foundation
import JSON
import Testing

@testable import Commands

/// One table for file, command line, help and the resolved configuration.
struct SettingsTableTests {
  private let table = GRPOConfiguration.table

  private func parsed(_ arguments: String...) throws -> GRPOConfiguration {
    var configuration = GRPOConfiguration()
    try table.apply(arguments: arguments, to: &configuration)
    return configuration
  }

  private func read(_ yaml: String, into start: GRPOConfiguration = .init()) throws
    -> GRPOConfiguration
  {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
    try Data(yaml.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var configuration = start
    try table.apply(file: file, to: &configuration)
    return configuration
  }

  /// The error's text, with the name of the file it came from.
  private func refusal(_ body: () throws -> GRPOConfiguration) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "accepted"
  }

  /// A value of each kind that is not the default, as it is written on the command line.
  private static let other: [String: String] = [
    "text": "x y", "integer": "3", "integer from 0 to \(Int.max)": "3", "number": "0.125",
    "text, repeatable": "a=b",
  ]

  private func other<Root>(_ setting: Setting<Root>, _ root: Root) -> String {
    if setting.isFlag { return setting.literal(root) == .bool(true) ? "false" : "true" }
    let kind = setting.kind.replacing("|none", with: "")
    if setting.key == "verifiers" { return #"regex:pattern=a,b: "c""# }
    let now = setting.literal(root).plain
    if let value = Self.other[kind] { return value == now ? "5" : value }
    return kind.split(separator: "|").first { $0 != now }.map(String.init) ?? "none"
  }

  @Test func everySettingIsSetAndComesBackFromTheResolvedFile() throws {
    let defaults = GRPOConfiguration()
    for setting in table.settings {
      for name in setting.optionNames {
        let configuration = try parsed("--\(name)", other(setting, defaults))
        #expect(setting.literal(configuration) != setting.literal(defaults), "\(name)")
        let again = try read(table.yaml(configuration))
        if setting.key != "verifiers" {
          #expect(table.literal(again) == table.literal(configuration), "\(name)")
        }
        // Clip bounds that are written are kept, and a sampler apart is corrected for, which are
        // settings of their own.
        let unmoved =
          [setting.key, "objective.keep_clip"]
          + (setting.key == "rollout.dtype" ? ["objective.mismatch"] : [])
        for another in table.settings where !unmoved.contains(another.key) {
          #expect(another.literal(configuration) == another.literal(defaults), "\(another.key)")
        }
      }
    }
    #expect(try table.literal(read(table.yaml(defaults))) == table.literal(defaults))
  }

  @Test func aSamplerApartIsCorrectedForUnlessTheUserSaysHow() throws {
    func mode(_ arguments: String...) throws -> String {
      var configuration = GRPOConfiguration()
      try table.apply(arguments: arguments, to: &configuration)
      return configuration.settings(endTokens: []).objective.mismatch.mode.rawValue
    }
    #expect(try mode() == "none")
    #expect(try mode("--rollout-dtype", "int8") == "token_truncate")
    #expect(try mode("--rollout-dtype", "int8", "--objective.mismatch", "none") == "none")
    #expect(
      try mode("--rollout-dtype", "int8", "--objective.mismatch", "sequence_mask")
        == "sequence_mask")
  }

  @Test func noTwoSettingsShareAName() {
    func names<Root>(_ table: SettingsTable<Root>) -> [String] {
      table.settings.flatMap { $0.optionNames + ($0.key == $0.optionNames[0] ? [] : [$0.key]) }
    }
    for names in [names(table), names(SFTConfiguration.table), names(EvalConfiguration.table)] {
      #expect(Set(names).count == names.count)
      #expect(
        Set(names).isDisjoint(with: ["config", "resume", "json", "report", "against", "help"]))
    }
  }

  @Test func theHelpHasEverySettingWithItsDefault() {
    let help = table.help(defaults: GRPOConfiguration())
    for setting in table.settings { #expect(help.contains("--\(setting.optionNames[0])")) }
    #expect(help.contains("--rollout.group-size, --group-size <integer>"))
    #expect(help.contains("(default: 8)"))
  }

  @Test func optionsAreReadInTheirSeveralForms() throws {
    #expect(try parsed("--group-size", "4").training.rollout.groupSize == 4)
    #expect(try parsed("--rollout.group_size=5").training.rollout.groupSize == 5)
    #expect(try parsed("--steps", "1_000").training.steps == 1000)
    #expect(try parsed("--recompute").training.memory.recompute)
    #expect(try parsed("--recompute", "true", "--no-recompute").training.memory.recompute == false)
    #expect(try parsed("--no-data.shuffle").data.shuffle == false)
    #expect(try parsed("--shuffle=false").data.shuffle == false)
    #expect(
      try parsed("--stop", "a", "--stop", "--b").rollout.sampling.stopStrings == ["a", "--b"])
    #expect(try parsed("--instruction", "").data.instruction == "")
    #expect(try parsed("--threads", "2", "--threads", "none").run.threads == nil)
    #expect(try parsed("--optimizer.clip-norm", "none").training.optimizer.clipNorm == nil)
    #expect(try parsed("--stop=--lr").rollout.sampling.stopStrings == ["--lr"])
  }

  @Test func aListOnTheCommandLineTakesThePlaceOfTheFiles() throws {
    let file = try read("rollout:\n  stop: [x, y]\n")
    #expect(file.rollout.sampling.stopStrings == ["x", "y"])
    var both = file
    try table.apply(arguments: ["--stop", "a", "--stop", "b"], to: &both)
    #expect(both.rollout.sampling.stopStrings == ["a", "b"])
    #expect(try read("rollout: {stop: z}").rollout.sampling.stopStrings == ["z"])
  }

  @Test(arguments: [
    (["--group-sise", "4"], "unknown setting '--group-sise'; did you mean '--group-size'?"),
    (["--optimiser.learning-rate", "1"], "did you mean '--optimizer.learning-rate'?"),
    (["--zzzzzzzz", "4"], "--help lists them all"),
    (["--steps", "many"], "--run.steps: 'many' is not of the form: integer"),
    (["--steps", "1.5"], "not of the form: integer"),
    (["--steps"], "--steps needs a value: integer"),
    (["--steps", "--lr", "1"], "--steps needs a value: integer"),
    (["--lr", "nan"], "not of the form: number"), (["--lr", "inf"], "not of the form: number"),
    (["--temperature", "1e60"], "not of the form: number"),
    (["--seed", "-1"], "integer from 0"), (["--seed", "18446744073709551615"], "integer from 0"),
    (["--shuffle", "maybe"], "'maybe' belongs to no option"),
    (["--shuffle=maybe"], "not of the form: true|false"),
    (["--no-shuffle=true"], "takes no value"), (["--no-steps"], "unknown setting '--no-steps'"),
    (["--schedule", "sine"], "constant|linear|cosine"), (["4"], "'4' belongs to no option"),
  ])
  func wrongUseIsTold(arguments: [String], message: String) {
    let refusal = refusal {
      var configuration = GRPOConfiguration()
      try table.apply(arguments: arguments, to: &configuration)
      return configuration
    }
    #expect(refusal.contains(message), "\(refusal)")
  }

  @Test(arguments: [
    (
      "rollout:\n  group_sise: 4\n",
      "unknown setting 'rollout.group_sise'; did you mean 'rollout.group_size'?"
    ),
    ("group_size: 4\n", "did you mean 'rollout.group_size'?"),
    ("rollout:\n  group_size: four\n", "rollout.group_size: 'four' is not of the form: integer"),
    ("rollout:\n  group_size: 4.5\n", "not of the form: integer"),
    ("rollout: 4\n", "rollout: '4' is not of the form: key: value"),
    ("- 1\n", ".yaml: '[1]' is not of the form: key: value"),
    ("optimizer:\n  learning_rate: nan\n", "not of the form: number"),
    ("optimizer:\n  learning_rate: .inf\n", "not of the form: number"),
    ("run:\n  seed: -3\n", "integer from 0"),
    ("data:\n  shuffle: yes please\n", "not of the form: true|false"),
    ("run:\n  steps: 3\n  steps: 4\n", "steps"), ("run: {steps: 3\n", ".yaml"),
    ("verifiers:\n  - config: {}\n", "verifiers: "),
  ])
  func aWrongFileIsToldWithItsKey(yaml: String, message: String) {
    let refusal = refusal { try read(yaml) }
    #expect(refusal.contains(message), "\(refusal)")
    #expect(refusal.contains(".yaml"), "\(refusal)")
  }

  @Test func yamlIsReadAsPeopleWriteIt() throws {
    let configuration = try read(
      """
      model: &here models/a   # a comment
      data: {path: *here, date: 2026-01-31, system: "null"}
      run:
        name: nan
        seed: 3
        threads: ~
      rollout.group_size: 6
      optimizer:
        learning_rate: 1e-4
        clip_norm: null
        warmup: +5
      """)
    #expect(configuration.run.model == "models/a" && configuration.data.path == "models/a")
    #expect(configuration.data.date == "2026-01-31" && configuration.data.system == "null")
    #expect(configuration.run.name == "nan" && configuration.run.threads == nil)
    #expect(configuration.training.rollout.groupSize == 6)
    #expect(configuration.training.optimizer.learningRate == 1e-4)
    #expect(configuration.training.optimizer.clipNorm == nil)
    #expect(configuration.training.optimizer.warmup == 5)
  }

  @Test(arguments: [
    "plain", "", "null", "true", "12", "1e5", "a: b", "- a", "#x", "'\"\\", "tab\tnew\nline\r",
    "{[", "é 漢 🙂", "\u{2028}\u{85}\u{7F}\u{FEFF}\u{1}", " spaces ", "%x", "!t", "&a", "*a",
    String(repeating: "long ", count: 400),
  ])
  func anyTextComesBackFromTheResolvedFile(text: String) throws {
    var configuration = GRPOConfiguration()
    configuration.data.instruction = text
    configuration.rollout.sampling.stopStrings = [text, text + "x"]
    let again = try read(table.yaml(configuration))
    #expect(again.data.instruction == text)
    #expect(again.rollout.sampling.stopStrings == [text, text + "x"])
  }

  @Test func floatsComeBackToTheBit() throws {
    var configuration = GRPOConfiguration()
    configuration.rollout.sampling.temperature = 0.1
    configuration.training.optimizer.learningRate = 0.1 + 0.2
    let again = try read(table.yaml(configuration))
    #expect(again.rollout.sampling.temperature == 0.1)
    #expect(again.training.optimizer.learningRate == 0.1 + 0.2)
    #expect(table.yaml(configuration).contains("temperature: 0.1\n"))
  }
}
