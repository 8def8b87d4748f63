import ChatTemplates
import Foundation
import Kernels
import Models
import Rollouts
import Tokenizers

/// A model folder ready to run: weights, tokenizer, template, and how its completions end.
struct LoadedModel {
  let folder: URL
  let transformer: Transformer
  let tokenizer: Tokenizer
  let template: ChatTemplate?
  let generation: GenerationConfiguration

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - trainable: keep float32 masters and gradients.
  ///   - longestSequence: prompt and completion together, for rotations that depend on it.
  init(
    _ path: String, precision: PackedWeight.Precision = .float32, trainable: Bool = false,
    longestSequence: Int? = nil
  ) throws {
    guard !path.isEmpty else {
      throw ConfigurationError.missing(key: "model", help: "the model's folder")
    }
    let url = URL(filePath: path, directoryHint: .isDirectory)
    let model = try ModelFolder(url)
    folder = url
    for key in model.configuration.ignoredKeys {
      Console.debug("\(path)/config.json: '\(key)' is not read")
    }
    for name in model.weights.unusedNames {
      Console.debug("\(path): the tensor '\(name)' is not used")
    }
    generation = model.generation
    tokenizer = try Tokenizer(folder: url)
    template = try ChatTemplate(tokenizerFolder: url, forTools: false)
    transformer = try Transformer(model, weightType: precision, trainable: trainable)
    transformer.allowedIds = min(tokenizer.size, model.configuration.vocabularySize)
    if let longestSequence {
      transformer.setContext(length: longestSequence)
    }
  }

  /// Ids that end a completion, the model's first one first. One that is beyond the vocabulary,
  /// as cut-down models have, can end none.
  var orderedEndTokens: [Int32] {
    generation.endTokenIDs.filter { $0 < transformer.configuration.vocabularySize }
      .map(Int32.init)
  }

  var endTokens: Set<Int32> { Set(orderedEndTokens) }

  /// Writes the model with its tokenizer as a folder that transformers loads.
  func write(to folder: URL, as dtype: Safetensors.DType) throws {
    try transformer.write(to: folder, as: dtype, generation: generation)
    try tokenizer.copyFiles(to: folder)
  }
}

extension RolloutEngine {
  /// - Parameter weights: those that sample, where they are not the model's own.
  convenience init(
    _ model: LoadedModel, _ configuration: RolloutConfiguration, weights: Transformer? = nil
  ) {
    self.init(
      model: weights ?? model.transformer, tokenizer: model.tokenizer, width: configuration.width,
      prefillRows: configuration.prefillTokens, cacheBytes: configuration.cacheMiB << 20)
  }
}
