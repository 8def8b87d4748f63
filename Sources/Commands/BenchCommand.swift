import ArgumentParser
import Checkpoints
import Foundation
import JSON
import Kernels
import Models
import PluginHost

/// `temper bench`: how fast this machine is, and how much of that temper reaches.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure speed and memory, against the machine's limits and other programs.",
    discussion: """
      Models have random weights. Each figure is the median of several turns, in which the \
      programs follow one another, each in a process of its own; ratios are taken within a turn. \
      docs/performance.md has the formulas.
      """)

  @Option(help: "A known shape: \(presets); repeatable. All of them unless given.")
  var shape: [String] = []
  @Option(help: "A model's folder, of which config.json says the shape.") var model: String?
  @Option(help: "What to measure: \(known); separated by commas.")
  var what = "train,generate,prefill"
  @Option(help: "Sequences at a time; several, separated by commas.") var batch = "8"
  @Option(help: "Positions of each sequence in training and prefill.") var tokens = 256
  @Option(
    help:
      "interventions: an entropy plugin, as temper grpo takes it; repeatable. All that are found."
  )
  var entropy: [String] = []
  @Option(
    help: "detectors: one as temper grpo takes it; repeatable. The default set unless given.")
  var detector: [String] = []
  @Option(help: "interventions, detectors: a further folder with plugins; repeatable.")
  var plugins: [String] = []
  @Option(help: "Threads; all cores unless given.") var threads = ThreadPool.threads
  @Option(
    help:
      """
      The type of the weights: float32, bfloat16 or int8, which samples and does not train; a step \
      then samples with it.
      """
  )
  var dtype = "float32"
  @Option(help: "Turns; pairs of steps for interventions and detectors.") var repeats = 3
  @Option(help: "A program to hold against temper, as a shell starts it; repeatable.")
  var peer: [String] = []
  @Option(help: "growth: also draw the curves, into this HTML file.") var page: String?
  @Flag(help: "End with one JSON object on a line of its own.") var json = false

  // One measurement, asked for by this command of a process of its own (BenchTask.arguments).
  @Option(help: .hidden) var measure: String?
  @Option(help: .hidden) var promptTokens = 64
  @Option(help: .hidden) var newTokens = 64
  @Option(help: .hidden) var groupSize = 8
  @Option(help: .hidden) var bytes: [Int] = []

  private static let presets = ModelConfiguration.Preset.allCases.map(\.rawValue)
    .joined(separator: ", ")
  /// What is measured that is no ``BenchTask``.
  private static let besides =
    [products, GrowthBench.measure, InterventionBench.measure, InterventionBench.detectorMeasure]
  private static let products = "products"
  private static let known = (BenchTask.Work.allCases.map(\.rawValue) + besides)
    .joined(separator: ", ")

  func validate() throws {
    for (name, value) in [
      ("--tokens", tokens), ("--threads", threads), ("--repeats", repeats),
      ("--prompt-tokens", promptTokens), ("--new-tokens", newTokens), ("--group-size", groupSize),
    ] where !(1...1 << 20).contains(value) {
      throw ValidationError("\(name) is \(value); it must be from 1 to \(1 << 20)")
    }
    guard let type = PackedWeight.Precision(rawValue: dtype) else {
      throw ValidationError("--dtype is '\(dtype)'; it must be \(PackedWeight.Precision.kind)")
    }
    guard type != .int8 || measure != nil || Set(named).isDisjoint(with: ["train", "recompute"])
    else {
      throw ValidationError("--dtype int8 samples and does not train; leave train out of --what")
    }
    guard model == nil || shape.isEmpty else {
      throw ValidationError("--model and --shape exclude each other")
    }
    guard !named.contains(GrowthBench.measure) || (model == nil && shape.count <= 1) else {
      throw ValidationError("--what growth takes one --shape, for it makes models of many sizes")
    }
    _ = (try works(), try batches(), try choices(), try detectors())
    for name in shape where ModelConfiguration.Preset(rawValue: name) == nil {
      throw ValidationError("--shape is '\(name)'; known are \(Self.presets)")
    }
  }

  func run() throws {
    ThreadPool.resize(threads)
    if let measure { return try answer(measure) }
    var results: JSONLiteral = [:]
    if !Self.paired.isDisjoint(with: named) { results["pairs"] = try measurePairs() }
    if !(try works()).isEmpty { results["tasks"] = try measureTasks() }
    if named.contains(Self.products) {
      let products = Kernels.measureProducts()
      Console.report(BenchTable.products(products))
      results["products"] = .array(products.map(\.json))
    }
    if named.contains(GrowthBench.measure) { results["growth"] = try measureGrowth() }
    if json { Console.report(results.serialized()) }
  }

  private func measureTasks() throws -> JSONLiteral {
    var bench = Bench(threads: threads, precision: dtype, turns: repeats, peers: peer)
    let (works, batches) = (try works(), try batches())
    for (name, configuration) in try models() {
      let tasks = works.flatMap { work in
        work == .step
          ? [.step] : batches.map { BenchTask(work: work, batch: $0, tokens: tokens) }
      }
      try bench.measure(name, configuration, tasks)
    }
    Console.report(bench.report)
    return bench.json
  }

  /// In this process, for both steps of a pair share weights and memory.
  private func measurePairs() throws -> JSONLiteral {
    var results: [JSONLiteral] = []
    let (choices, detectors) = (try choices(), try detectors())
    for (name, configuration) in try models() {
      let bench = InterventionBench(
        name: name,
        model: BenchModel(
          configuration: configuration, precision: PackedWeight.Precision(rawValue: dtype)!),
        completions: try batches()[0], tokens: max(1, tokens / 2), pairs: repeats)
      var costs = try bench.measure(choices, folders: plugins)
      if named.contains(InterventionBench.detectorMeasure) {
        costs += try bench.measureDetectors(detectors, folders: plugins)
      }
      Console.report("\(name), \(threads) threads\n\n\(PairedStepCost.table(costs))")
      results.append(["model": .string(name), "costs": .array(costs.map(\.json))])
    }
    return .array(results)
  }

  private func measureGrowth() throws -> JSONLiteral {
    let preset = shape.first.flatMap(ModelConfiguration.Preset.init(rawValue:)) ?? .llama15M
    let curves = try GrowthBench(
      shape: preset.shape, threads: threads, precision: dtype, turns: repeats
    ).measure()
    Console.report("\(preset.rawValue)\n\n\(GrowthCurve.table(curves))")
    if let page {
      try AtomicFile.write(GrowthCurve.page(curves, of: preset.rawValue), to: URL(filePath: page))
    }
    return .array(curves.map(\.json))
  }

  /// What one process is asked for.
  private func answer(_ measure: String) throws {
    if measure == Bench.ceilingsMeasure {
      return Console.report(MachineCeilings(threads: threads, reading: bytes).json.serialized())
    }
    guard let work = BenchTask.Work(rawValue: measure), let model else {
      throw ValidationError("--measure \(measure) needs --model and a known measurement")
    }
    let bench = BenchModel(
      configuration: try ModelConfiguration(folder: URL(filePath: model)),
      precision: PackedWeight.Precision(rawValue: dtype)!)
    let task = BenchTask(
      work: work, batch: try batches()[0], tokens: tokens, promptTokens: promptTokens,
      newTokens: newTokens, groupSize: groupSize)
    Console.report(try bench.measure(task).json.serialized())
  }

  // MARK: Lists in one word

  /// What is measured in pairs of steps.
  private static let paired: Set = [InterventionBench.measure, InterventionBench.detectorMeasure]

  private var named: [String] { what.split(separator: ",").map(String.init) }

  private func works() throws -> [BenchTask.Work] {
    try named.filter { !Self.besides.contains($0) }.map { name in
      guard let work = BenchTask.Work(rawValue: name) else {
        throw ValidationError("--what has '\(name)'; known are \(Self.known)")
      }
      return work
    }
  }

  private func choices(_ texts: [String], option: String) throws -> [PluginChoice] {
    try texts.map { text in
      guard let choice = PluginChoice(settingText: text) else {
        throw ValidationError("--\(option) is '\(text)'; it is of the form \(PluginChoice.kind)")
      }
      return choice
    }
  }

  private func detectors() throws -> [PluginChoice] {
    try choices(detector, option: "detector")
  }

  /// Those named, or all that are found.
  private func choices() throws -> [PluginChoice] {
    guard entropy.isEmpty else { return try choices(entropy, option: "entropy") }
    guard named.contains(InterventionBench.measure) else { return [] }
    let catalog = PluginCatalog(searchPath: plugins + PluginCatalog.standardSearchPath())
    let found = catalog.plugins.filter { $0.kind == PluginKind.entropy.table }
    guard !found.isEmpty else {
      throw ValidationError("no entropy plugin is found; name one with --entropy NAME or PATH")
    }
    return found.map { PluginChoice(PluginRequest(name: $0.name)) }
  }

  private func batches() throws -> [Int] {
    try batch.split(separator: ",").map { word in
      guard let count = Int(word), (1...1 << 20).contains(count) else {
        throw ValidationError("--batch has '\(word)'; it takes numbers from 1 to \(1 << 20)")
      }
      return count
    }
  }

  private func models() throws -> [(name: String, configuration: ModelConfiguration)] {
    if let model {
      let folder = URL(filePath: model, directoryHint: .isDirectory)
      return [(folder.lastPathComponent, try ModelConfiguration(folder: folder))]
    }
    let names = shape.isEmpty ? ModelConfiguration.Preset.allCases.map(\.rawValue) : shape
    return try names.map { name in
      (name, try ModelConfiguration(ModelConfiguration.Preset(rawValue: name)!.shape))
    }
  }
}
