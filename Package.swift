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

/// A shipped plugin: one shared library, opened with dlopen like anybody's.
func plugin(_ kind: String, _ name: String, _ dependencies: [String] = []) -> Target {
  .target(
    name: "\(kind)_\(name.replacing("-", with: "_"))",
    dependencies: (["TemperPlugin"] + dependencies).map { .byName(name: $0) },
    path: "plugins/\(kind)s/\(name)", exclude: ["README.md"])
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "temper",
  products: [
    .executable(name: "temper", targets: ["temper"]),
    .library(name: "TemperPlugin", targets: ["TemperPlugin"]),
    .library(name: "verifier_exact", type: .dynamic, targets: ["verifier_exact"]),
    .library(name: "verifier_arithmetic", type: .dynamic, targets: ["verifier_arithmetic"]),
    .library(name: "verifier_math", type: .dynamic, targets: ["verifier_math"]),
  ],
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
    .target(name: "CPluginABI"),  // temper_plugin.h, the whole contract with plugins

    // Values: JSON, exact numbers read from text, names that were meant, memory and randomness.
    room("JSON", ["CJSONC"]),
    room("Numerals"),
    room("MathAnswers"),
    room("Spelling"),
    room("Tensors"),

    // Files and what flows: prompts become trajectories, trajectories a batch.
    room("Metrics", ["JSON"]),
    room("Trajectories"),
    room("Datasets", ["JSON", "Tensors", "Trajectories"]),
    room("Tokenizers", ["JSON", "CSentencePiece"]),
    room("ChatTemplates", ["JSON"]),
    room("Checkpoints", ["JSON", "CHashes"]),
    room("EmbeddedTask", ["JSON", "Tensors"]),

    // The model, forward and backward, and what moves its weights.
    room("Kernels", ["CKernels", "Tensors"]),
    room("Models", ["Kernels", "Tensors", "JSON"]),
    room("Optimizers", ["Kernels", "Tensors"]),
    room("Objectives", ["Trajectories", "Metrics"]),

    // Reward: verdicts, and the libraries that give them.
    room("Verifiers", ["Trajectories", "Numerals", "JSON"]),
    room(
      "PluginHost", ["CPluginABI", "Verifiers", "Trajectories", "Tensors", "JSON", "Spelling"]),

    // The loop: sample, judge, learn; and measuring what was learned.
    room("Rollouts", ["Models", "Tokenizers", "Trajectories", "Kernels", "Tensors"]),
    room(
      "Training",
      [
        "Rollouts", "Models", "Objectives", "Optimizers", "Verifiers", "Trajectories",
        "Checkpoints", "Metrics", "Tensors", "JSON",
      ]),
    room("Evaluation", ["Rollouts", "Verifiers", "Trajectories", "JSON", "Tensors"]),
    room(
      "Checks",
      [
        "Models", "Tokenizers", "ChatTemplates", "Objectives", "Optimizers", "Trajectories",
        "Rollouts", "JSON", "Tensors", "Kernels", "Verifiers", "Metrics",
      ]),

    // What people hold: one binary, a command a file.
    room(
      "Commands",
      [
        "Training", "Evaluation", "Checks", "PluginHost", "Rollouts", "Models", "Tokenizers",
        "ChatTemplates", "Datasets", "EmbeddedTask", "Verifiers", "Objectives", "Optimizers",
        "Checkpoints", "Metrics", "Trajectories", "Tensors", "Kernels", "JSON", "Spelling",
      ], products: [argumentParser, yams]),
    .executableTarget(name: "temper", dependencies: ["Commands"]),

    // The SDK and the plugins that ship.
    .target(name: "TemperPlugin", dependencies: ["CPluginABI"]),
    plugin("verifier", "exact", ["Numerals"]),
    plugin("verifier", "arithmetic"),
    plugin("verifier", "math", ["MathAnswers"]),

    // Tests.
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    tests(of: "JSON"),
    tests(of: "MathAnswers"),
    tests(of: "Spelling"),
    tests(of: "Tensors"),
    tests(of: "Metrics", ["JSON"]),
    tests(of: "Trajectories"),
    tests(of: "Datasets", ["JSON"]),
    tests(of: "Tokenizers", ["JSON"]),
    tests(of: "ChatTemplates", ["JSON"]),
    tests(of: "Checkpoints", ["CHashes"]),
    tests(of: "EmbeddedTask", ["JSON"]),
    tests(of: "Kernels", ["CKernels", "Tensors"]),
    tests(of: "Models", ["Kernels", "Tensors", "JSON"]),
    tests(of: "Optimizers", ["Tensors"]),
    tests(of: "Objectives", ["Trajectories"]),
    tests(of: "Verifiers", ["Trajectories", "Numerals", "JSON"]),
    tests(
      of: "PluginHost", ["Verifiers", "Trajectories", "CPluginABI", "JSON"], exclude: ["Fixtures"]),
    tests(of: "Rollouts", ["Models", "Kernels", "Tensors", "Tokenizers", "Trajectories"]),
    tests(of: "Training", ["Metrics", "Verifiers"]),
    tests(of: "Evaluation", ["JSON", "Tensors", "Trajectories"]),
    tests(of: "Checks", ["JSON", "Trajectories", "Verifiers"]),
    tests(of: "Commands", ["JSON", "Models", "PluginHost", "Tokenizers"]),
    .testTarget(name: "EndToEndTests", dependencies: ["TestSupport", "JSON"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx17)
