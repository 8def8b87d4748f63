import Datasets
import Evaluation
import Kernels

/// Everything that `temper eval` can be told.
struct EvalConfiguration: Sendable {
  var model = ""
  /// The name of a suite, or the path of its description; `nil` for a data file.
  var suite: String?
  /// The wording; the suite's own unless set.
  var template: String?
  /// The ways of grading, the headline's first; the suite's own unless set.
  var protocols: [String] = []
  var data = DataConfiguration()
  var verifiers: [PluginChoice] = []
  /// Who says whether two answers are the same; the suite's own unless set.
  var equality: [PluginChoice] = []
  /// Who looks at the completions and at the rows that they were drawn from.
  var detectors: [PluginChoice] = []
  var pluginFolders: [String] = []
  var allowsUnsandboxed = false
  var environment = EnvironmentSettings()
  /// Tasks of an environment that makes its own.
  var problems = 100
  var rollout = RolloutConfiguration()
  var samples = 0
  var greedy = true
  var seed: UInt64 = 0
  var seeds = 1
  /// Rows chosen by a hash of their ids; nil for all.
  var probe: Int?
  /// Ask through the model's chat template, where it has one.
  var chat = true
  /// Give each worked example its own turns.
  var fewshotAsTurns = false
  var threads: Int?
  var dtype = PackedWeight.Precision.float32

  static let table = SettingsTable<EvalConfiguration>(sections: [
    (
      "Evaluation",
      [
        Setting("model", \.model, help: "The model's folder."),
        Setting(
          "eval.suite", \.suite, "suite",
          help: "A suite of evals/ by its name, or the path of its folder; --list names them."),
        Setting(
          "eval.template", \.template, "template",
          help: "The wording, one of evals/templates; the suite's unless set."),
        Setting(
          "eval.protocols", \.protocols, "protocol",
          help: "How answers are found and compared, the headline's first; the suite's unless set."),
        Setting(
          "verifiers", \.verifiers, "verifier",
          help:
            "Who judges the completions; as in temper grpo. The suite's unless set. --plugin PATH does the same."
        ),
        Setting(
          "eval.equality", \.equality, "equality",
          help: "The verifier that says whether two answers are the same, for votes."),
        Setting(
          "detectors", \.detectors, "detector",
          help: "Who looks at the completions besides, such as reasoning-instability."),
        Setting(
          "plugin_folders", \.pluginFolders, "plugins", help: "A further folder with plugins."),
        Setting(
          "allow_unsandboxed", \.allowsUnsandboxed,
          help: "Run programs with limits alone where no sandbox can be had."),
        Setting(
          "eval.problems", \.problems, "problems",
          help: "Tasks of an environment that makes its own; never those of a training run."),
        Setting(
          "eval.samples", \.samples, "samples",
          help: "Completions sampled for each problem; pass@k for k up to that many."),
        Setting("eval.greedy", \.greedy, "greedy", help: "One greedy completion for each problem."),
        Setting("eval.seed", \.seed, "seed", help: "The same seed gives the same report."),
        Setting(
          "eval.seeds", \.seeds, "seeds",
          help: "Evaluations with as many seeds from that one on, each with a report of its own."),
        Setting(
          "eval.probe", \.probe, "probe",
          help: "Only so many rows, chosen by a hash of their ids: the same ones at every time."),
        Setting(
          "eval.chat", \.chat, "chat", help: "Ask through the model's chat template, if it has one."
        ),
        Setting(
          "eval.fewshot_as_turns", \.fewshotAsTurns, "fewshot-as-turns",
          help: "Give each worked example its own turns of the chat template."),
        Setting("eval.threads", \.threads, "threads", help: "Threads; none for one a core."),
        Setting("eval.dtype", \.dtype, "dtype", help: "The type of the weights' compute copy."),
      ]
    ),
    // Every row is taken, so their order says nothing.
    ("Data", SettingsTable.dataSettings(\.data).filter { $0.key != "data.shuffle" }),
    ("Sampling", SettingsTable.samplingSettings(\.rollout)),
    ("Environment", SettingsTable.environmentSettings(\.environment)),
  ])

  /// Defaults, those of the suite that file or command line name, the file, the command line.
  static func resolve(_ arguments: SettingsArguments) throws -> EvalConfiguration {
    let named = try arguments.resolve(table, defaults: EvalConfiguration())
    guard let name = named.suite else { return named }
    var defaults = EvalConfiguration()
    defaults.apply(try SuiteCatalog().suite(named: name))
    return try arguments.resolve(table, defaults: defaults)
  }

  /// Takes a suite's own settings.
  mutating func apply(_ suite: Suite) {
    template = suite.template
    protocols = suite.protocols.map(\.name)
    data.fields = suite.fields
    let own = suite.sampling
    if let value = own.greedy { greedy = value }
    if let value = own.samples { samples = value }
    if let value = own.temperature { rollout.sampling.temperature = Float(value) }
    if let value = own.topP { rollout.sampling.topP = Float(value) }
    if let value = own.topK { rollout.sampling.topK = value }
    if let value = own.maximumNewTokens { rollout.sampling.maximumNewTokens = value }
    rollout.sampling.stopStrings = own.stop
    // The rows of others are what they are.
    data.maximumPromptTokens = 4096
  }
}

extension EvalConfiguration {
  /// The most tokens of a prompt and what stands behind it.
  var longestSequence: Int {
    data.maximumPromptTokens
      + (environment.plugin == nil
        ? rollout.sampling.maximumNewTokens : rollout.maximumEpisodeTokens)
  }
}
