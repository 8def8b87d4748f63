import ArgumentParser
import Foundation
import JSON
import Models
import Tokenizers

/// `temper init`: a model folder with random weights.
struct Initialize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a model folder with random weights.",
    discussion: """
      The shape comes from a config.json or from a preset. Matrices are normal with deviation \
      initializer_range (0.02), those that write to the residual stream narrower by sqrt(2 layers), \
      norms at gain 1.
      """)

  @Option(help: "A config.json that says the shape.") var config: String?
  @Option(
    help:
      "A shape by name: \(ModelConfiguration.Preset.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var preset: String?
  @Option(help: "The folder of the tokenizer that goes with it.") var tokenizer: String
  @Option(help: "The folder to make.") var output: String
  @Option(help: "The same seed gives the same weights.") var seed: UInt64 = 0
  @Option(help: "The type of the weights in the file: float32 or bfloat16.") var dtype = "float32"

  func run() throws {
    guard let type = DTypeName(rawValue: dtype) else {
      throw ConfigurationError.value(place: "--dtype", value: dtype, expected: DTypeName.kind)
    }
    let folder = URL(filePath: output)
    guard !FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path) else {
      throw ConfigurationError.invalid(
        key: "--output", value: output, remedy: "there is a model in it; name a new folder")
    }
    let shape = try shape()
    // Masters, gradients and the compute copy of a model that is made are all float32.
    let bytes = 3 * 4 * shape.approximateParameters
    guard bytes <= Double(ProcessInfo.processInfo.physicalMemory) else {
      throw ConfigurationError.invalid(
        key: config == nil ? "--preset" : "--config", value: config ?? preset ?? "",
        remedy: "its model takes \(Int(min(bytes, 1e18)) >> 30) GiB to make, more than there is")
    }
    let words = try Tokenizer(folder: URL(filePath: tokenizer))
    guard words.size <= shape.vocabularySize else {
      throw ConfigurationError.invalid(
        key: "--tokenizer", value: tokenizer,
        remedy: "it has \(words.size) ids and the model only \(shape.vocabularySize) rows")
    }
    let model = try Transformer(random: shape, seed: seed)
    try model.write(to: folder, as: type.fileType, generation: try generation(shape))
    try words.copyFiles(to: folder)
    Console.note("\(output): \(shape.parameterCount) parameters, \(shape.family.rawValue)")
  }

  /// The generation_config.json beside --config, which the new folder gets too.
  private func generation(_ shape: ModelConfiguration) throws -> GenerationConfiguration? {
    guard let config else { return nil }
    return try GenerationConfiguration(
      folder: URL(filePath: config).deletingLastPathComponent(), configuration: shape)
  }

  private func shape() throws -> ModelConfiguration {
    switch (config, preset) {
    case (let config?, nil):
      let file = URL(filePath: config)
      return try ModelConfiguration(JSON(contentsOf: file), file: file.lastPathComponent)
    case (nil, let name?):
      guard let preset = ModelConfiguration.Preset(rawValue: name) else {
        throw ConfigurationError.value(
          place: "--preset", value: name,
          expected: ModelConfiguration.Preset.allCases.map(\.rawValue).joined(separator: "|"))
      }
      return try ModelConfiguration(preset.shape)
    default:
      throw ValidationError("give either --config or --preset")
    }
  }
}
