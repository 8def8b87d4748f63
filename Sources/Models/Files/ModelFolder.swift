import Foundation
import JSON

/// A Hugging Face model folder: what it says, and its weights, opened and checked.
public struct ModelFolder: Sendable {
  public let url: URL
  public let configuration: ModelConfiguration
  public let generation: GenerationConfiguration
  public let weights: WeightFiles

  /// Reads the configuration files and opens the weights, touching none of them yet.
  ///
  /// - Throws: ``ModelFileError`` or `JSONError`, naming file, key or tensor.
  public init(_ url: URL) throws {
    self.url = url
    configuration = try ModelConfiguration(folder: url)
    generation = try GenerationConfiguration(folder: url, configuration: configuration)
    weights = try WeightFiles(folder: url, for: configuration)
  }
}

extension ModelFolder {
  /// Weights beyond this go to several files; the limit of older versions of transformers.
  public static let defaultShardBytes = 5_000_000_000

  /// Writes a folder that transformers loads with the same logits.
  ///
  /// `config.json` says what the loaded one said, with the new type of the weights. Every file
  /// appears whole or not at all; for a folder that appears whole, write to a new one and rename.
  /// Weight files of an earlier save that no longer belong are removed.
  ///
  /// - Parameters:
  ///   - tensors: exactly the ``ModelConfiguration/expectedTensors``, in any order.
  ///   - dtype: float32 or bfloat16.
  ///   - generation: written as it was read; `nil` or without a source for no such file.
  /// - Throws: ``ModelFileError/unwritable(file:reason:)``; what a tensor's `copy` throws.
  public static func write(
    _ configuration: ModelConfiguration, tensors: [Safetensors.Tensor],
    as dtype: Safetensors.DType, to folder: URL, generation: GenerationConfiguration? = nil,
    maxShardBytes: Int = defaultShardBytes
  ) throws {
    let ordered = inOrder(tensors, of: configuration)
    try FileWriter.createFolder(folder)
    let written = try writeWeights(ordered, dtype, to: folder, maxShardBytes: maxShardBytes)
    try write(configuration.file(dtype: dtype), to: folder.appending(path: "config.json"))
    if let source = generation?.source {
      try write(source, to: folder.appending(path: GenerationConfiguration.fileName))
    }
    removeStaleWeights(in: folder, except: written)
  }

  private static func write(_ literal: JSONLiteral, to url: URL) throws {
    try FileWriter.replace(url, with: literal.serialized(indent: 2) + "\n")
  }

  /// The tensors in the configuration's order; a wrong name or shape is the caller's mistake.
  private static func inOrder(
    _ tensors: [Safetensors.Tensor], of configuration: ModelConfiguration
  ) -> [Safetensors.Tensor] {
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { _, last in last }
    let expected = configuration.expectedTensors
    precondition(
      tensors.count == expected.count, "\(tensors.count) tensors for the \(expected.count)")
    return expected.map { name, shape in
      guard let tensor = byName[name] else { preconditionFailure("\(name) is not to be written") }
      precondition(tensor.shape == shape, "\(name) is \(tensor.shape), not \(shape)")
      return tensor
    }
  }

  /// One file, or shards and their index. Returns the names of the files.
  private static func writeWeights(
    _ tensors: [Safetensors.Tensor], _ dtype: Safetensors.DType, to folder: URL, maxShardBytes: Int
  ) throws -> Set<String> {
    let shards = shards(of: tensors, dtype, maxBytes: maxShardBytes)
    guard shards.count > 1 else {
      let name = WeightFiles.singleName
      try Safetensors.write(tensors, as: dtype, to: folder.appending(path: name))
      return [name]
    }
    var written: Set<String> = [WeightFiles.indexName]
    var weightMap: [JSONLiteral.Member] = []
    for (index, shard) in shards.enumerated() {
      let name = shardName(index + 1, of: shards.count)
      try Safetensors.write(shard, as: dtype, to: folder.appending(path: name))
      written.insert(name)
      weightMap += shard.map { .init($0.name, .string(name)) }
    }
    let totalBytes = tensors.reduce(0) { $0 + $1.count * dtype.byteCount }
    let index: JSONLiteral = [
      "metadata": ["total_size": .int(totalBytes)],
      "weight_map": .object(weightMap.sorted { $0.key < $1.key }),
    ]
    try write(index, to: folder.appending(path: WeightFiles.indexName))
    return written
  }

  /// Consecutive tensors, each group as large as fits; one that is larger stands alone.
  private static func shards(
    of tensors: [Safetensors.Tensor], _ dtype: Safetensors.DType, maxBytes: Int
  ) -> [[Safetensors.Tensor]] {
    var shards: [[Safetensors.Tensor]] = [[]]
    var bytes = 0
    for tensor in tensors {
      let size = tensor.count * dtype.byteCount
      if bytes + size > maxBytes, !shards[shards.count - 1].isEmpty {
        shards.append([])
        bytes = 0
      }
      shards[shards.count - 1].append(tensor)
      bytes += size
    }
    return shards
  }

  private static func shardName(_ index: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "model-\(padded(index))-of-\(padded(count)).safetensors"
  }

  /// A single file beside new shards would win over them when the folder is read.
  private static func removeStaleWeights(in folder: URL, except written: Set<String>) {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let shard = /model-\d{5}-of-\d{5}\.safetensors/
    for file in files where !written.contains(file) {
      let isWeights =
        file == WeightFiles.singleName || file == WeightFiles.indexName
        || file.wholeMatch(of: shard) != nil
      if isWeights { unlink(folder.appending(path: file).path) }
    }
  }
}

extension ModelConfiguration {
  /// The `config.json` of this model with weights of `dtype`.
  func file(dtype: Safetensors.DType) -> JSONLiteral {
    var file = source
    let name = dtype.torchName.map { JSONLiteral.string($0) }
    // Old files say torch_dtype, new ones dtype; a file that says neither reads old.
    let keys = ["dtype", "torch_dtype"].filter { file[$0] != nil }
    for key in keys.isEmpty ? ["torch_dtype"] : keys { file[key] = name }
    // The one default on which readers disagree.
    file["num_key_value_heads"] = .int(keyValueHeadCount)
    return file
  }
}
