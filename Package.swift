// swift-tools-version: 6.2
import PackageDescription

// Modules may import only what stands in their `dependencies`; `make` builds with
// --explicit-target-dependency-import-check error, so the floor plan is enforced.

/// A module of the core, and its tests in Tests/<name>Tests.
func room(_ name: String, _ dependencies: [String] = [], products: [Target.Dependency] = [])
  -> Target
{
  .target(
    name: name,
    dependencies: dependencies.map { .byName(name: $0) } + products,
    swiftSettings: [.enableUpcomingFeature("ExistentialAny")])
}

/// The tests of a module; they may import that module, what it stands on, and TestSupport.
func tests(of name: String, _ dependencies: [String] = [], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: ([name, "TestSupport"] + dependencies).map { .byName(name: $0) },
    exclude: exclude)
}

/// A shipped plugin: one shared library under plugins/, opened with dlopen like anybody's.
struct Plugin {
  let kind: String
  let name: String
  /// What it stands on beside the SDK.
  var dependencies: [String] = []

  var target: Target {
    .target(
      name: library, dependencies: (["TemperPlugin"] + dependencies).map { .byName(name: $0) },
      path: "plugins/\(kind)/\(name)", exclude: ["README.md"])
  }

  var product: Product { .library(name: library, type: .dynamic, targets: [library]) }

  /// `verifier_exact`
  private var library: String {
    "\(kind == "entropy" ? kind : String(kind.dropLast()))_\(name.replacing("-", with: "_"))"
  }
}

let plugins =
  [
    Plugin(kind: "verifiers", name: "arithmetic"),
    Plugin(kind: "verifiers", name: "code", dependencies: ["Completions", "Sandbox"]),
    Plugin(
      kind: "verifiers", name: "countdown",
      dependencies: ["Completions", "Expressions", "MathAnswers"]),
    Plugin(kind: "verifiers", name: "exact", dependencies: ["Numerals"]),
    Plugin(kind: "verifiers", name: "format", dependencies: ["Completions"]),
    Plugin(kind: "verifiers", name: "length"),
    Plugin(kind: "verifiers", name: "math", dependencies: ["MathAnswers"]),
    Plugin(kind: "verifiers", name: "multiple-choice", dependencies: ["Completions"]),
    Plugin(kind: "prompts", name: "augmentation"),
    Plugin(kind: "environments", name: "calculator", dependencies: ["MathAnswers"]),
    Plugin(
      kind: "environments", name: "countdown",
      dependencies: ["Completions", "EmbeddedTask", "Expressions", "MathAnswers"]),
    Plugin(kind: "environments", name: "guess"),
    Plugin(kind: "environments", name: "household", dependencies: ["Completions"]),
    Plugin(
      kind: "environments", name: "python", dependencies: ["Completions", "MathAnswers", "Sandbox"]),
  ]
  + [
    "adaptive-entropy", "clip-cov", "entropy-advantage", "entropy-bonus", "epo",
    "high-entropy-tokens", "kl-cov", "lp-reg", "simpletir", "siren", "steer",
  ].map { Plugin(kind: "entropy", name: $0) }
  + [
    "attention", "entropy", "forgetting", "gradient-spike", "length", "loss-spike", "mismatch",
    "off-principal", "output-logits", "reasoning-instability", "reward", "softmax-collapse",
    "step-radius",
  ].map { Plugin(kind: "detectors", name: $0) }

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "temper",
  products: [
    .executable(name: "temper", targets: ["temper"]),
    .library(name: "TemperPlugin", targets: ["TemperPlugin"]),
  ] + plugins.map(\.product),
  dependencies: [
    // The command line: parsing, help, completion scripts.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Configuration files in YAML, which have comments, read with the order of their keys.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Numbers come from our own C11 kernels, which the benchmark times beside OpenBLAS; tokens from
    // sentencepiece, JSON from json-c: the only libraries that a machine has to have.
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .target(
      name: "CSentencePiece",
      linkerSettings: [.linkedLibrary("sentencepiece")]),  // apt: libsentencepiece-dev
    .target(
      name: "CKernels", dependencies: ["COpenBLAS"],
      cSettings: [.define("NDEBUG", .when(configuration: .release))],
      linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CHashes"),  // SHA-256, for the manifests of checkpoints
    .target(name: "CSandbox"),  // namespaces, limits and system-call filter of a child process
    .target(name: "CPluginABI"),  // temper_plugin.h, the whole contract with plugins

    // Values: JSON, exact numbers read from text, names that were meant, marks in completions,
    // memory and randomness.
    room("JSON", ["CJSONC"]),
    room("Numerals"),
    room("Pages"),
    room("MathAnswers"),
    room("Expressions", ["MathAnswers"]),
    room("Spelling"),
    room("Completions"),
    room("Tensors"),

    // Files and what flows: prompts become trajectories, trajectories a batch.
    room("Metrics", ["JSON"]),
    room("Trajectories"),
    room("Datasets", ["JSON", "Tensors", "Trajectories"]),
    room("Tokenizers", ["JSON", "CSentencePiece"]),
    room("ChatTemplates", ["JSON"]),
    room("Checkpoints", ["Metrics", "JSON", "CHashes"]),
    room("EmbeddedTask", ["JSON", "Tensors"]),

    // The model, forward and backward, and what moves its weights.
    room("Kernels", ["CKernels", "Tensors"]),
    room("Models", ["Kernels", "Trajectories", "Tensors", "JSON"]),
    room("Optimizers", ["Kernels", "Tensors"]),
    room("Objectives", ["Trajectories", "Metrics"]),

    // What holds the policy's entropy: a column, a row or a coefficient at a time; the worlds that it
    // acts in, turn by turn; what watches a run for trouble.
    room("EntropyControl", ["Trajectories", "Metrics"]),
    room("Environments", ["JSON", "Trajectories"]),
    room("Detectors", ["JSON", "Trajectories", "Metrics"]),

    // Programs that nobody vouches for.
    room("Sandbox", ["CSandbox"]),

    // Reward: verdicts, and the libraries that give them.
    room("Verifiers", ["Trajectories", "Numerals", "Sandbox", "JSON"]),
    room(
      "PluginHost",
      [
        "CPluginABI", "Verifiers", "EntropyControl", "Environments", "Detectors", "Trajectories",
        "Metrics", "Tensors", "JSON", "Spelling",
      ]),

    // The loop: sample, judge, learn; and measuring what was learned.
    room(
      "Rollouts",
      ["Environments", "Models", "Tokenizers", "Trajectories", "Kernels", "Tensors", "JSON"]),
    room(
      "Training",
      [
        "Rollouts", "Models", "Objectives", "EntropyControl", "Environments", "Detectors",
        "Optimizers", "Verifiers", "Trajectories", "Checkpoints", "Metrics", "Tensors", "JSON",
      ]),
    room(
      "Evaluation",
      [
        "Rollouts", "Environments", "Verifiers", "Trajectories", "Datasets", "Pages", "JSON",
        "Tensors", "Spelling",
      ]),
    room("Arena", ["Evaluation", "Pages", "JSON"]),
    room("WeightChanges", ["Models", "COpenBLAS"]),
    room("Reports", ["Checkpoints", "Pages", "JSON"]),
    room(
      "Checks",
      [
        "Models", "Tokenizers", "ChatTemplates", "Objectives", "EntropyControl", "Environments",
        "Detectors", "Optimizers", "Trajectories", "Metrics", "Rollouts", "Evaluation", "Verifiers",
        "JSON", "Tensors",
        "Kernels",
      ]),

    // What people hold: one binary, a command a file.
    room(
      "Commands",
      [
        "Training", "Evaluation", "Arena", "Reports", "WeightChanges", "Pages", "Checks",
        "PluginHost", "Rollouts", "Models",
        "Tokenizers", "ChatTemplates", "Datasets", "EmbeddedTask", "Verifiers", "Objectives",
        "EntropyControl", "Environments", "Detectors", "Optimizers", "Checkpoints", "Metrics",
        "Trajectories", "Tensors", "Kernels", "JSON", "Spelling", "Sandbox", "COpenBLAS",
      ], products: [argumentParser, yams]),
    .executableTarget(name: "temper", dependencies: ["Commands"]),

    // The SDK.
    .target(name: "TemperPlugin", dependencies: ["CPluginABI"]),

    // Tests.
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    tests(of: "JSON"),
    tests(of: "MathAnswers"),
    tests(of: "Expressions", ["MathAnswers"]),
    tests(of: "Spelling"),
    tests(of: "Completions"),
    tests(of: "Tensors"),
    tests(of: "Metrics", ["JSON"]),
    tests(of: "Trajectories"),
    tests(of: "Datasets", ["JSON"]),
    tests(of: "Tokenizers", ["JSON"]),
    tests(of: "ChatTemplates", ["JSON"]),
    tests(of: "Checkpoints", ["Metrics", "CHashes"]),
    tests(of: "EmbeddedTask", ["JSON"]),
    tests(of: "Kernels", ["CKernels", "Tensors"]),
    tests(of: "Models", ["Kernels", "Trajectories", "Tensors", "JSON"]),
    tests(of: "Optimizers", ["Tensors"]),
    tests(of: "Objectives", ["Trajectories"]),
    tests(of: "EntropyControl", ["Trajectories", "Metrics"]),
    tests(of: "Environments", ["JSON"]),
    tests(of: "Detectors", ["Trajectories", "Metrics"]),
    tests(of: "Verifiers", ["Trajectories", "Numerals", "JSON", "Sandbox"]),
    tests(of: "Sandbox"),
    tests(
      of: "PluginHost",
      [
        "Checks", "TemperPlugin", "Verifiers", "EntropyControl", "Environments", "Detectors",
        "Trajectories", "Metrics", "CPluginABI", "JSON",
      ], exclude: ["Fixtures"]),
    tests(of: "TemperPlugin"),
    .testTarget(
      name: "EnvironmentPluginsTests", dependencies: ["PluginHost", "Environments", "JSON"]),
    .testTarget(
      name: "EntropyPluginsTests",
      dependencies: ["PluginHost", "EntropyControl", "Objectives", "Trajectories", "Metrics"]),
    .testTarget(
      name: "DetectorPluginsTests",
      dependencies: [
        "PluginHost", "Detectors", "Checks", "Trajectories", "Metrics", "JSON", "TestSupport",
      ]),
    tests(
      of: "Rollouts",
      [
        "Environments", "ChatTemplates", "Models", "Kernels", "Tensors", "Tokenizers",
        "Trajectories", "JSON",
      ]),
    tests(
      of: "Training",
      [
        "Rollouts", "Models", "Objectives", "EntropyControl", "Environments", "Detectors",
        "Tokenizers", "Verifiers", "Trajectories", "Checkpoints", "Metrics", "Tensors", "Kernels",
        "JSON",
      ]),
    tests(of: "Evaluation", ["JSON", "Tensors", "Trajectories"]),
    tests(of: "Pages"),
    tests(of: "Arena", ["Evaluation", "JSON"]),
    tests(of: "WeightChanges", ["Models", "JSON"]),
    tests(of: "Reports", ["Checkpoints", "Pages", "JSON"]),
    tests(of: "Checks", ["EntropyControl", "Trajectories", "Verifiers", "Metrics", "JSON"]),
    tests(
      of: "Commands", ["Environments", "JSON", "Kernels", "Models", "PluginHost", "Tokenizers"]),
    .testTarget(
      name: "DetectionTests",
      dependencies: [
        "Commands", "Training", "Detectors", "EntropyControl", "PluginHost", "Rollouts", "Models",
        "Datasets", "Verifiers", "Optimizers", "Trajectories", "Metrics", "EmbeddedTask", "Tensors",
        "JSON", "TestSupport",
      ]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["TestSupport", "JSON"], exclude: ["Fixtures"]),
  ] + plugins.map(\.target),
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx17)
