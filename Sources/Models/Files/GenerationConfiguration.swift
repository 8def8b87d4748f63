import Foundation
import JSON

/// What a model folder says about sampling: `generation_config.json` over `config.json`.
///
/// Values are optional where the files are silent; what to do then is the caller's choice.
public struct GenerationConfiguration: Sendable, Equatable {
  public var doSample: Bool?
  public var temperature: Double?
  /// 0 for no limit.
  public var topK: Int?
  public var topP: Double?
  public var minP: Double?
  public var repetitionPenalty: Double?
  public var maxNewTokens: Int?
  public var beginTokenID: Int?
  /// Every id that ends a sequence, without repetition; empty where neither file names one.
  public var endTokenIDs: [Int]
  /// The first end id where neither file names a padding id.
  public var padTokenID: Int?

  /// `generation_config.json` as it was read; `nil` where there is none.
  public var source: JSONLiteral?

  public static let fileName = "generation_config.json"

  /// Reads the folder's `generation_config.json` if there is one.
  public init(folder: URL, configuration: ModelConfiguration) throws {
    let url = folder.appending(path: Self.fileName)
    let exists = FileManager.default.fileExists(atPath: url.path)
    try self.init(exists ? JSON(contentsOf: url) : nil, configuration: configuration)
  }

  /// - Parameter json: the object of a `generation_config.json`.
  public init(_ json: JSON?, configuration: ModelConfiguration) throws {
    _ = try json?.requireObject()
    let reader = try ConfigurationReader(
      json ?? JSON(parsing: "{}", source: Self.fileName), file: Self.fileName)
    doSample = try reader.bool("do_sample")
    temperature = try reader.number("temperature", in: 0...1e6, "a number from 0 to 1e6")
    topK = try reader.int("top_k", in: 0 ... .max, "an integer of at least 0")
    topP = try reader.number("top_p", in: .leastNormalMagnitude...1, "above 0 and at most 1")
    minP = try reader.number("min_p", in: 0...1, "a number from 0 to 1")
    repetitionPenalty = try reader.number("repetition_penalty")
    maxNewTokens = try reader.int(
      "max_new_tokens", in: 1...1 << 31, "an integer from 1 to 2147483648")
    let ends = try reader.tokenIDs("eos_token_id") ?? configuration.endTokenIDs
    endTokenIDs = ends.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    beginTokenID = try reader.tokenIDs("bos_token_id")?.first ?? configuration.beginTokenID
    padTokenID =
      try reader.tokenIDs("pad_token_id")?.first ?? configuration.padTokenID ?? endTokenIDs.first
    source = json.map { JSONLiteral($0) }
  }
}
