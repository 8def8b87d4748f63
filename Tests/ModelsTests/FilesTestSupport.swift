import Foundation
import JSON
import Tensors

@testable import Models

/// A new folder that goes away with the value that holds it.
final class FilesFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }
}

enum FilesFixture {
  /// The `config.json` of a tiny model of the family, with `changes` to its keys; a `nil` removes.
  static func file(
    _ family: ModelConfiguration.Family, _ changes: KeyValuePairs<String, JSONLiteral?> = [:]
  ) -> JSONLiteral {
    var file: JSONLiteral = [
      "model_type": .string(family.rawValue), "vocab_size": 20, "hidden_size": 16,
      "intermediate_size": 24, "num_hidden_layers": 8, "num_attention_heads": 4,
      "num_key_value_heads": 2, "head_dim": 6, "max_position_embeddings": 64,
      "rms_norm_eps": 1e-5,
    ]
    for (key, value) in changes { file[key] = value }
    return file
  }

  static func configuration(
    _ family: ModelConfiguration.Family, _ changes: KeyValuePairs<String, JSONLiteral?> = [:]
  ) throws -> ModelConfiguration {
    try configuration(of: file(family, changes).serialized())
  }

  static func configuration(of text: String) throws -> ModelConfiguration {
    try ModelConfiguration(JSON(parsing: text, source: "config.json"))
  }

  /// Tensors for the configuration whose elements bfloat16 holds exactly, all different by tensor.
  static func tensors(_ configuration: ModelConfiguration) -> [Safetensors.Tensor] {
    configuration.expectedTensors.enumerated().map { index, tensor in
      Safetensors.Tensor(name: tensor.name, shape: tensor.shape) { range, buffer in
        for (place, element) in range.enumerated() { buffer[place] = value(index, element) }
      }
    }
  }

  static func value(_ tensor: Int, _ element: Int) -> Float {
    Float((tensor * 37 + element * 11) % 251 - 125) / 64
  }

  /// The elements that ``WeightFiles/read(_:into:)`` gives.
  static func read(_ name: String, count: Int, from weights: WeightFiles) throws -> [Float] {
    let storage = Storage<Float>(count)
    try weights.read(
      name, into: UnsafeMutableBufferPointer(start: storage.pointer, count: count))
    return storage.array
  }

  /// The text of the error that `body` throws, or nothing.
  static func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }
}
