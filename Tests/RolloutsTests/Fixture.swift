import Foundation
import Kernels
import Models
import Tensors
import Testing
import Tokenizers
import Trajectories

@testable import Rollouts

/// A byte-level tokenizer of given pieces, each of any bytes; ids count from 0.
func byteTokenizer(_ pieces: [[UInt8]]) throws -> Tokenizer {
  let vocabulary = pieces.enumerated().map { id, piece in
    let shown = piece.map { String(display($0)) }.joined()
    return "\(quoted(shown)): \(id)"
  }
  let folder = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: "tokenizer.json")
  let byteLevel =
    #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#
  try Data(
    """
    {"version": "1.0", "added_tokens": [], "normalizer": null, "post_processor": null,
     "pre_tokenizer": \(byteLevel), "decoder": \(byteLevel),
     "model": {"type": "BPE", "vocab": {\(vocabulary.joined(separator: ", "))}, "merges": []}}
    """.utf8
  ).write(to: file)
  return try Tokenizer(file: file)
}

private func quoted(_ text: String) -> String {
  "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

/// The character that stands for a byte in the files of byte-level tokenizers.
private func display(_ byte: UInt8) -> Character {
  let printable = [33...126, 161...172, 174...255].map {
    UInt8($0.lowerBound)...UInt8($0.upperBound)
  }
  if printable.contains(where: { $0.contains(byte) }) { return Character(UnicodeScalar(byte)) }
  let rank = (0..<byte).count { other in !printable.contains { $0.contains(other) } }
  return Character(UnicodeScalar(256 + UInt32(rank))!)
}

/// A model that writes a fixed text: after a piece comes its successor, with certainty.
struct Script {
  let pieces: [[UInt8]]
  let model: Transformer
  let tokenizer: Tokenizer

  /// - Parameter pieces: all different; each is followed by the next, the last by the first.
  init(_ pieces: [[UInt8]]) throws {
    precondition(Set(pieces).count == pieces.count, "a piece has one successor")
    self.pieces = pieces
    tokenizer = try byteTokenizer(pieces)
    let count = pieces.count
    let configuration = try ModelConfiguration(
      ModelConfiguration.Shape(
        family: .llama, vocabularySize: count, hiddenSize: count, intermediateSize: 1,
        layerCount: 1, headCount: 1, keyValueHeadCount: 1, headDimension: 2, maxPositions: 512,
        tiedEmbeddings: false))
    model = try Transformer(configuration, trainable: false) {
      name, shape, rows, values in
      values.update(repeating: shape.count == 1 ? 1 : 0)
      for (place, id) in rows.enumerated() {
        if name == "model.embed_tokens.weight" { values[place * count + id] = 1 }
        if name == "lm_head.weight" { values[place * count + (id + count - 1) % count] = 50 }
      }
    }
  }

  init(_ text: String) throws { try self.init(text.utf8.map { [$0] }) }

  /// What follows the first piece.
  func run(_ change: (inout SamplingSettings) -> Void) throws -> Trajectory {
    var settings = SamplingSettings()
    settings.maximumNewTokens = pieces.count - 1
    change(&settings)
    let engine = RolloutEngine(model: model, tokenizer: tokenizer)
    let prompt = Prompt(id: "0", index: 0, tokens: [0], text: "", row: "{}")
    return try engine.sample([prompt], samples: 0..<1, settings: settings, step: 0)[0]
      .trajectories[0]
  }
}

/// A random model whose vocabulary is larger than its tokenizer's.
struct Fixture {
  static let families: [ModelConfiguration.Family] = [.gemma2, .qwen3]
  static let allowed = 41

  let model: Transformer
  let tokenizer: Tokenizer

  /// - Parameter family: Gemma 2 looks back 5 positions in its even layers.
  init(_ family: ModelConfiguration.Family, weightType: PackedWeight.Precision = .float32) throws {
    var configuration = try ModelConfiguration(
      ModelConfiguration.Shape(
        family: family, vocabularySize: 53, hiddenSize: 20, intermediateSize: 37, layerCount: 3,
        headCount: 4, keyValueHeadCount: 2, headDimension: 6, maxPositions: 256,
        tiedEmbeddings: false))
    if family == .gemma2 { for layer in [0, 2] { configuration.layers[layer].window = 5 } }
    model = try Transformer(
      random: configuration, seed: 3, weightType: weightType, deviation: 0.25)
    model.allowedIds = Self.allowed
    tokenizer = try byteTokenizer((0..<Self.allowed).map { [UInt8(48 + $0)] })
  }

  /// Prompts of the given lengths, below the tokenizer's size.
  static func prompts(_ lengths: [Int]) -> [Prompt] {
    let random = CounterRandom(seed: 2, purpose: .check)
    return lengths.enumerated().map { index, length in
      let tokens = (0..<length).map { Int32(random.integer(below: allowed, index, $0)) }
      return Prompt(id: "p\(index)", index: index, tokens: tokens, text: "", row: "{}")
    }
  }

  func engine(
    width: Int = 128, prefillRows: Int = 512, cacheBytes: Int = 1 << 30
  ) -> RolloutEngine {
    RolloutEngine(
      model: model, tokenizer: tokenizer, width: width, prefillRows: prefillRows,
      cacheBytes: cacheBytes)
  }

  /// Two end tokens, so that completions are of different lengths.
  static func settings(
    _ change: (inout SamplingSettings) -> Void = { _ in }
  ) -> SamplingSettings {
    var settings = SamplingSettings()
    settings.maximumNewTokens = 24
    settings.endTokens = [5, 17]
    settings.seed = 9
    change(&settings)
    return settings
  }

  /// Bytes of a page of the model's keys and values.
  var pageBytes: Int {
    let c = model.configuration
    return KeyValuePages(
      pageCount: 1, layers: c.layerCount, heads: c.keyValueHeadCount, width: c.headDimension
    ).byteCount
  }
}

/// All that a completion records, floats by their bits.
struct Recorded: Equatable {
  let tokens: [Int32]
  let behaviour: [UInt32]
  let old: [UInt32]
  let entropies: [UInt32]
  let text: String
  let stop: StopReason

  init(_ trajectory: Trajectory) {
    tokens = trajectory.tokens
    behaviour = trajectory.behaviourLogprobs.map(\.bitPattern)
    old = trajectory.oldLogprobs.map(\.bitPattern)
    entropies = trajectory.entropies.map(\.bitPattern)
    text = trajectory.text
    stop = trajectory.stop
  }
}

extension [TrajectoryGroup] {
  var recorded: [[Recorded]] { map { $0.trajectories.map(Recorded.init) } }
}
