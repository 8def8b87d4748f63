import JSON

/// The shape and the switches of one transformer, read from a `config.json`.
///
/// A plain value: whoever runs the model reads numbers and switches here and never asks for the
/// family. Letters in the comments are those of the formulas: `V` vocabulary, `H` hidden, `F`
/// intermediate, `L` layers, `d` channels of a head.
public struct ModelConfiguration: Sendable, Equatable {
  /// The architectures that can be run, by their `model_type`.
  public enum Family: String, Sendable, CaseIterable {
    case llama, qwen2, qwen3, smollm3, gemma2
    case gemma3 = "gemma3_text"
  }

  /// The function between the two halves of the gated feed-forward block.
  public enum Activation: Sendable {
    case silu
    /// GELU by its tanh formula.
    case geluTanh
  }

  /// What may differ from layer to layer.
  public struct Layer: Sendable, Equatable {
    /// Position `i` attends to `j` with `i - window < j <= i`; `nil` for all `j <= i`.
    public var window: Int?
    /// Which of ``ModelConfiguration/ropes`` rotates queries and keys; `nil` for none.
    public var rope: Int?
  }

  public var family: Family

  /// `V`, rows of the embedding; the tokenizer may have fewer ids.
  public var vocabularySize: Int
  /// `H`, channels between layers.
  public var hiddenSize: Int
  /// `F`, channels inside the feed-forward block.
  public var intermediateSize: Int
  /// `L`.
  public var layerCount: Int
  /// `nh`, query heads.
  public var headCount: Int
  /// `nkv`, key and value heads; divides ``headCount``.
  public var keyValueHeadCount: Int
  /// `d`, channels of a head, even; `nh * d` need not be `H`.
  public var headDimension: Int
  public var maxPositions: Int

  /// Added to the mean square under the root of every RMSNorm.
  public var normEpsilon: Float
  /// Added to a norm's weight to give its gain: 0, or 1 for Gemma.
  public var normGainOffset: Float
  /// Multiplies the embedding's rows: 1, or the square root of `H` for Gemma.
  public var embeddingMultiplier: Float
  public var activation: Activation
  /// Multiplies the products of queries and keys.
  public var attentionScale: Float
  /// `c` of `c tanh(s / c)` on the attention scores before the mask; `nil` for none.
  public var attentionSoftcap: Float?
  /// `c` of `c tanh(z / c)` on the logits; `nil` for none.
  public var finalSoftcap: Float?
  /// RMSNorm over the channels of each query and key head, before the rotation.
  public var hasQueryKeyNorm: Bool
  /// Four norms a layer (before and after attention and feed-forward) instead of two.
  public var hasSandwichNorms: Bool
  public var queryKeyValueBias: Bool
  public var outputBias: Bool
  public var mlpBias: Bool
  /// The head is the embedding; there is no `lm_head.weight`.
  public var tiedEmbeddings: Bool

  /// The rotations in use: one, or two for Gemma 3 (full layers, then sliding layers).
  public var ropes: [Rope]
  /// `[L]`.
  public var layers: [Layer]

  public var beginTokenID: Int?
  /// Every id that ends a sequence; empty where the file names none.
  public var endTokenIDs: [Int]
  public var padTokenID: Int?

  /// The `config.json` itself, kept so that a saved folder says what the loaded one said.
  public var source: JSONLiteral
  /// Keys of `config.json` that were not read, for the debug log.
  public var ignoredKeys: [String]
}
