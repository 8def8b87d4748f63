import Foundation
import JSON

extension PipelineTokenizer {
  /// Reads a tokenizer.json.
  ///
  /// `truncation` and `padding` are data for batching and are not read.
  convenience init(tokenizerJSON file: URL) throws {
    let json = try JSON(contentsOf: file)
    let modelJSON = json["model"]
    if let type = modelJSON["type"].string, type != "BPE" {
      throw TokenizerError.unsupported(
        place: modelJSON["type"].path, stage: "model", type: type, supported: ["BPE"])
    }
    guard modelJSON["vocab"].kind == .object, modelJSON["merges"].kind == .array else {
      throw TokenizerError.invalid(
        place: modelJSON.path, reason: "it has no 'vocab' and 'merges'; only BPE models can be read"
      )
    }
    let normalizer = try Normalizer(json["normalizer"])
    let preTokenizers = try PreTokenizer.chain(json["pre_tokenizer"])
    let reader = try BPEReader(modelJSON, isByteLevel: preTokenizers.last?.isByteLevel ?? false)
    self.init(
      vocabulary: reader.vocabulary,
      addedTokens: try AddedTokens(json["added_tokens"], normalizer: normalizer),
      normalizer: normalizer, preTokenizers: preTokenizers, model: try reader.model(),
      wordStart: reader.wordStart, postProcessor: try PostProcessor(json["post_processor"]),
      decoder: try Decoder(json["decoder"]))
  }
}

/// What the `type` of a stage says, or why it cannot be used.
private func unsupported(_ json: JSON, _ stage: String, _ supported: [String]) -> TokenizerError {
  .unsupported(
    place: json["type"].path, stage: stage, type: json["type"].string ?? json["type"].summary,
    supported: supported)
}

extension JSON {
  fileprivate func flag(_ key: String, default value: Bool) throws -> Bool {
    self[key].isNull ? value : try self[key].requireBool()
  }

  fileprivate func count(_ key: String) throws -> Int {
    let count = try self[key].requireInt()
    guard count >= 0 else {
      throw TokenizerError.invalid(place: self[key].path, reason: "\(count) is negative")
    }
    return count
  }

  /// A string of at least one character, as UTF-8.
  fileprivate func text() throws -> [UInt8] {
    let text = Array(try requireString().utf8)
    guard !text.isEmpty else {
      throw TokenizerError.invalid(place: path, reason: "the string is empty")
    }
    return text
  }

  /// The literal of a `{"String": ...}` pattern.
  fileprivate func literalPattern() throws -> [UInt8] {
    if let expression = self["Regex"].string {
      throw TokenizerError.pattern(place: path, expression: expression)
    }
    return try self["String"].text()
  }
}

extension AddedTokens {
  fileprivate init(_ json: JSON, normalizer: Normalizer?) throws {
    let tokens = try (json.isNull ? [] : json.requireArray()).map { entry in
      AddedToken(
        id: try entry["id"].requireID(), content: try entry["content"].requireString(),
        singleWord: try entry.flag("single_word", default: false),
        lstrip: try entry.flag("lstrip", default: false),
        rstrip: try entry.flag("rstrip", default: false),
        normalized: try entry.flag("normalized", default: true),
        special: try entry.flag("special", default: false))
    }
    self.init(tokens, normalizer: normalizer)
  }
}

extension Normalizer {
  fileprivate init?(_ json: JSON) throws {
    guard !json.isNull else { return nil }
    switch json["type"].string {
    case "Sequence":
      self = .sequence(try json["normalizers"].requireArray().compactMap { try Normalizer($0) })
    case "NFC": self = .nfc
    case "NFD": self = .nfd
    case "Lowercase": self = .lowercase
    case "StripAccents": self = .stripAccents
    case "Prepend": self = .prepend(Array(try json["prepend"].requireString().utf8))
    case "Replace":
      self = .replace(
        pattern: try json["pattern"].literalPattern(),
        content: Array(try json["content"].requireString().utf8))
    case "Strip":
      self = .strip(
        left: try json.flag("strip_left", default: true),
        right: try json.flag("strip_right", default: true))
    default:
      throw unsupported(
        json, "normalizer",
        ["Sequence", "NFC", "NFD", "Lowercase", "StripAccents", "Prepend", "Replace", "Strip"])
    }
  }
}

extension PreTokenizer {
  var isByteLevel: Bool { if case .byteLevel = self { true } else { false } }

  /// The stages of `json`, sequences unfolded.
  fileprivate static func chain(_ json: JSON) throws -> [PreTokenizer] {
    guard !json.isNull else { return [] }
    guard json["type"].string == "Sequence" else { return [try PreTokenizer(json)] }
    let stages = try json["pretokenizers"].requireArray().flatMap { try chain($0) }
    // What comes after would have to cut display characters, which no known tokenizer asks for.
    if stages.dropLast().contains(where: \.isByteLevel) {
      throw TokenizerError.invalid(
        place: json["pretokenizers"].path,
        reason: "the pre-tokenizer 'ByteLevel' is supported only as the last of a Sequence")
    }
    return stages
  }

  private init(_ json: JSON) throws {
    switch json["type"].string {
    case "Digits":
      self = .digits(individual: try json.flag("individual_digits", default: false))
    case "Split": self = .split(try Split(json))
    case "ByteLevel":
      self = .byteLevel(
        addPrefixSpace: try json.flag("add_prefix_space", default: true),
        usesPattern: try json.flag("use_regex", default: true))
    case "Metaspace": self = .metaspace(try Metaspace(json))
    default:
      throw unsupported(
        json, "pre-tokenizer", ["Sequence", "Digits", "Split", "ByteLevel", "Metaspace"])
    }
  }
}

extension PreTokenizer.Split {
  fileprivate init(_ json: JSON) throws {
    let pattern = json["pattern"]
    if let expression = pattern["Regex"].string {
      guard let known = SplitPattern(rawValue: expression) else {
        throw TokenizerError.pattern(place: pattern.path, expression: expression)
      }
      delimiter = .expression(known)
    } else {
      delimiter = .literal(try pattern.literalPattern())
    }
    let name = try json["behavior"].requireString()
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw TokenizerError.unsupported(
        place: json["behavior"].path, stage: "split behavior", type: name,
        supported: SplitBehavior.allCases.map(\.rawValue))
    }
    self.behavior = behavior
    invert = try json.flag("invert", default: false)
  }
}

extension PreTokenizer.Metaspace {
  fileprivate init(_ json: JSON) throws {
    replacement = try json["replacement"].text()
    if let name = json["prepend_scheme"].string {
      guard let scheme = Scheme(rawValue: name) else {
        throw TokenizerError.unsupported(
          place: json["prepend_scheme"].path, stage: "prepend scheme", type: name,
          supported: Scheme.allCases.map(\.rawValue))
      }
      self.scheme = scheme
    } else {
      scheme = try json.flag("add_prefix_space", default: true) ? .always : .never
    }
    splits = try json.flag("split", default: true)
  }
}

extension PostProcessor {
  fileprivate init(_ json: JSON) throws {
    templates = try Self.templates(json)
  }

  private static func templates(_ json: JSON) throws -> [[Part]] {
    guard !json.isNull else { return [] }
    switch json["type"].string {
    case "ByteLevel": return []  // concerns offsets only
    case "Sequence": return try json["processors"].requireArray().flatMap { try templates($0) }
    case "TemplateProcessing":
      return [try json["single"].requireArray().map { try part($0, json["special_tokens"]) }]
    default:
      throw unsupported(json, "post-processor", ["Sequence", "TemplateProcessing", "ByteLevel"])
    }
  }

  private static func part(_ json: JSON, _ specialTokens: JSON) throws -> Part {
    guard json.has("SpecialToken") else {
      let sequence = try json["Sequence"]["id"].requireString()
      guard sequence == "A" else {
        throw TokenizerError.invalid(
          place: json.path, reason: "a single text has only the sequence 'A', not '\(sequence)'")
      }
      return .text
    }
    let name = try json["SpecialToken"]["id"].requireString()
    return .ids(try specialTokens[name]["ids"].requireArray().map { try $0.requireID() })
  }
}

extension Decoder {
  fileprivate init?(_ json: JSON) throws {
    guard !json.isNull else { return nil }
    switch json["type"].string {
    case "Sequence":
      self = .sequence(try json["decoders"].requireArray().compactMap { try Decoder($0) })
    case "ByteLevel": self = .byteLevel
    case "Replace":
      self = .replace(
        pattern: try json["pattern"].literalPattern(),
        content: Array(try json["content"].requireString().utf8))
    case "ByteFallback": self = .byteFallback
    case "Fuse": self = .fuse
    case "Strip":
      self = .strip(
        content: try json["content"].text(), start: try json.count("start"),
        stop: try json.count("stop"))
    case "Metaspace": self = .metaspace(try .init(json))
    default:
      throw unsupported(
        json, "decoder",
        ["Sequence", "ByteLevel", "Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"])
    }
  }
}
