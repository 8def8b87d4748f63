import ArgumentParser
import Checks
import Foundation
import JSON
import Kernels
import Models
import PluginHost

/// `temper plugins bench`: what an entropy method costs, and how much of a step that is.
struct PluginsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "An entropy method's cost a token, against a step without it.",
    discussion: """
      Times on one core, with what temper does around each call. The step without the method is \
      measured on models of random weights, cut to 1 and to 3 layers and extended to all: \
      llama-15m for a vocabulary of 32,000 and qwen2.5-0.5b for 151,936, unless --model names \
      another.
      """)

  @Argument(help: "PATH or NAME of an entropy method, with :key=value,... behind it.")
  var plugin: String
  @Option(help: "A model's folder, of which config.json says the shape.") var model: String?
  @OptionGroup var places: PluginsCommand.Places

  func run() throws {
    let request = try PluginRequest(parsing: plugin)
    var rows: [PluginShare] = []
    for (name, shape) in try shapes() {
      // Each vocabulary has an instance of its own: what it remembers of one means nothing here.
      let made = try places.catalog.intervention(request).intervention
      let cost = try InterventionCost(made, vocabulary: shape.vocabularySize)
      rows.append(PluginShare(model: name, cost: cost, base: try StepCost(shape)))
    }
    let resolved = try places.catalog.intervention(request)
    Console.report(
      PluginShare.table(rows, title: "\(resolved.info.name) \(resolved.configuration.serialized())")
    )
    if places.json {
      let json: JSONLiteral = [
        "plugin": .string(resolved.info.name), "configuration": resolved.configuration,
        "models": .array(rows.map(\.json)),
      ]
      Console.report(json.serialized())
    }
  }

  private func shapes() throws -> [(name: String, shape: ModelConfiguration)] {
    if let model {
      let folder = URL(filePath: model, directoryHint: .isDirectory)
      return [(folder.lastPathComponent, try ModelConfiguration(folder: folder))]
    }
    return try [ModelConfiguration.Preset.llama15M, .qwen2505B].map {
      ($0.rawValue, try ModelConfiguration($0.shape))
    }
  }
}

/// What a token takes in a step without any method, in time on the processor: sampled, and
/// learned from once.
private struct StepCost {
  let seconds: Double

  init(_ shape: ModelConfiguration) throws {
    let few = min(1, shape.layerCount)
    let more = min(3, shape.layerCount)
    let short = try Self.measure(shape.cut(to: few))
    guard more > few else {
      seconds = short
      return
    }
    let layer = max(0, try Self.measure(shape.cut(to: more)) - short) / Double(more - few)
    seconds = short + layer * Double(shape.layerCount - few)
  }

  private static func measure(_ shape: ModelConfiguration) throws -> Double {
    let model = BenchModel(configuration: shape, precision: .float32)
    let train = BenchTask(work: .train, batch: 4, tokens: 64)
    let generate = BenchTask(work: .generate, batch: 8, tokens: 16, promptTokens: 16, newTokens: 16)
    return try [train, generate].reduce(0) {
      $0 + (try model.measure($1).processorSeconds) / Double($1.counted)
    }
  }
}

extension ModelConfiguration {
  /// The first layers alone.
  fileprivate func cut(to count: Int) -> ModelConfiguration {
    var cut = self
    cut.layerCount = count
    cut.layers = Array(layers.prefix(count))
    return cut
  }
}

/// One column of the report.
private struct PluginShare {
  let model: String
  let cost: InterventionCost
  let base: StepCost

  var share: Double { cost.perToken / base.seconds }

  var json: JSONLiteral {
    [
      "model": .string(model), "vocabulary": .int(cost.vocabulary), "tokens": .int(cost.tokens),
      "moments": .int(cost.moments), "observe_us": microseconds(cost.observe),
      "prepare_us": microseconds(cost.prepare), "evaluate_us": microseconds(cost.evaluate),
      "differentiate_us": microseconds(cost.differentiate), "wanted": .double(cost.wanted),
      "together_us": microseconds(cost.perToken), "base_us": microseconds(base.seconds),
      "share": .double(share),
    ]
  }

  private func microseconds(_ seconds: Double?) -> JSONLiteral {
    seconds.map { .double(1e6 * $0) } ?? .null
  }

  static func table(_ columns: [PluginShare], title: String) -> String {
    func time(_ seconds: Double?) -> String {
      seconds.map { String(format: "%.3f", 1e6 * $0) } ?? "-"
    }
    func line(_ name: String, _ value: (PluginShare) -> String) -> String {
      let start = name.padding(toLength: 34, withPad: " ", startingAt: 0)
      return start
        + columns.map { column in
          let text = value(column)
          return String(repeating: " ", count: max(1, 16 - text.count)) + text
        }.joined()
    }
    return [
      title,
      line("microseconds on one core", \.model),
      line("  vocabulary") { "\($0.cost.vocabulary)" },
      line("  observe, a row") { time($0.cost.observe) },
      line("  rows seen of a token") { "\($0.cost.moments)" },
      line("  prepare, a token") { time($0.cost.prepare) },
      line("  evaluate, a token") { time($0.cost.evaluate) },
      line("  differentiate, a wanted row") { time($0.cost.differentiate) },
      line("  rows wanted of a token") { String(format: "%.3f", $0.cost.wanted) },
      line("  together, a token") { time($0.cost.perToken) },
      line("  a step without it, a token") { time($0.base.seconds) },
      line("  share") { String(format: "%.2f%%", 100 * $0.share) },
    ].joined(separator: "\n")
  }
}
