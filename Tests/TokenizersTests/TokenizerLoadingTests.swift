import Foundation
import JSON
import Testing

@testable import Tokenizers

struct TokenizerLoadingTests {
  @Test(
    arguments: [
      ("normalizer", ["type": "Precompiled"], "normalizer", "Precompiled"),
      ("pre_tokenizer", ["type": "Whitespace"], "pre-tokenizer", "Whitespace"),
      (
        "pre_tokenizer", ["type": "Sequence", "pretokenizers": [["type": "Punctuation"]]],
        "pre-tokenizer", "Punctuation"
      ),
      ("post_processor", ["type": "BertProcessing"], "post-processor", "BertProcessing"),
      ("decoder", ["type": "WordPiece"], "decoder", "WordPiece"),
      ("decoder", ["type": "Sequence", "decoders": [["type": "CTC"]]], "decoder", "CTC"),
      ("model", ["type": "Unigram"], "model", "Unigram"),
    ] as [(String, JSONLiteral, String, String)])
  func unknownStagesAreNamed(key: String, stage: JSONLiteral, kind: String, type: String) throws {
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer.small(["a"], .init(key, stage))
    }
    let message = try #require(error).description
    #expect(message.contains("the \(kind) '\(type)' is not supported"))
    #expect(message.contains("tokenizer.json: \(key)"))
  }

  @Test func unknownExpressionsAreRefused() throws {
    let split: JSONLiteral = [
      "type": "Split", "pattern": ["Regex": "\\w+"], "behavior": "Isolated", "invert": false,
    ]
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer.small(["a"], .init("pre_tokenizer", split))
    }
    #expect(try #require(error).description.contains("'\\w+' is not supported"))
    #expect(throws: TokenizerError.self) {
      try Tokenizer.small(
        ["a"],
        .init("normalizer", ["type": "Replace", "pattern": ["Regex": " +"], "content": ""]))
    }
  }

  @Test func mergesOutsideTheVocabularyAreRefused() {
    #expect(
      throws: TokenizerError.invalid(
        place: "tokenizer.json: model.merges[1]", reason: "the token 'ba' is not in the vocabulary")
    ) {
      try Tokenizer.small(["a", "b", "ab"], merges: ["a b", "b a"])
    }
    #expect(throws: TokenizerError.self) { try Tokenizer.small(["a"], merges: ["aa"]) }
    #expect(throws: TokenizerError.self) { try Tokenizer.small(["a"], merges: ["a a a"]) }
  }

  @Test func affixesAndDropoutAreRefused() {
    for member in [
      JSONLiteral.Member("end_of_word_suffix", "</w>"), .init("dropout", 0.1),
      .init("continuing_subword_prefix", "##"),
    ] {
      #expect(throws: TokenizerError.self) { try Tokenizer.small(["a"], model: [member]) }
    }
  }

  @Test func templatesPutSpecialTokensAround() throws {
    let template: JSONLiteral = [
      "type": "TemplateProcessing",
      "single": [
        ["SpecialToken": ["id": "B", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
        ["SpecialToken": ["id": "E", "type_id": 0]],
      ],
      "special_tokens": ["B": ["id": "B", "ids": [1, 1]], "E": ["id": "E", "ids": [2]]],
    ]
    let tokenizer = try Tokenizer.small(
      ["a", "B", "E"],
      .init(
        "post_processor", ["type": "Sequence", "processors": [["type": "ByteLevel"], template]]))
    #expect(tokenizer.encode("aa", addSpecialTokens: true) == [1, 1, 0, 0, 2])
    #expect(tokenizer.encode("aa", addSpecialTokens: false) == [0, 0])
  }

  @Test func tokensWithoutDecoderAreJoinedBySpaces() throws {
    let tokenizer = try Tokenizer.small(["a", "b"])
    #expect(tokenizer.decode([0, 1, 9, -1, 0], skipSpecial: false) == "a b a")
    #expect(tokenizer.piece(of: 2) == nil)
    #expect(tokenizer.id(of: "b") == 1)
    #expect(tokenizer.id(of: "c") == nil)
  }

  @Test func theConfigurationNamesTokens() throws {
    let folder = try TemporaryFolder([
      "tokenizer.json": #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
      "tokenizer_config.json": """
      {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null,
       "add_bos_token": true, "model_max_length": 77}
      """,
    ])
    let tokenizer = try Tokenizer(folder: folder.url)
    #expect(tokenizer.named.bos == "<s>")
    #expect(tokenizer.named.eos == "</s>")
    #expect(tokenizer.named.pad == nil)
    #expect(tokenizer.configuration.addBOS == true)
    #expect(tokenizer.configuration.json?["model_max_length"].int == 77)
  }

  @Test func aFolderWithoutTokenizerSaysSo() throws {
    let folder = try TemporaryFolder()
    #expect(throws: TokenizerError.missing(folder: folder.url.path)) {
      try Tokenizer(folder: folder.url)
    }
    try folder.write("no protobuf", to: "tokenizer.model")
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.url) }
    #expect(try #require(error).description.contains("it is no SentencePiece model"))
  }

  @Test func rankFilesOfNoKnownFamilyAreRefused() throws {
    let folder = try TemporaryFolder(["tokenizer.model": "IQ== 0\nIg== 1\n"])
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.url) }
    #expect(try #require(error).description.contains("2 ranks are of no known family"))
    try folder.write("IQ== 0\nIg== 7\n", to: "tokenizer.model")
    let misplaced = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.url) }
    #expect(try #require(misplaced).description.contains("tokenizer.model:2: "))
  }

  @Test func filesAreCopiedAndNotLinked() throws {
    let (store, model, saved) = (
      try TemporaryFolder([
        "blob": #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
      ]), try TemporaryFolder(["config.json": "{}"]), try TemporaryFolder()
    )
    try FileManager.default.createSymbolicLink(
      at: model.url.appending(path: "tokenizer.json"),
      withDestinationURL: store.url.appending(path: "blob"))
    let tokenizer = try Tokenizer(folder: model.url)
    try tokenizer.copyFiles(to: saved.url)
    try tokenizer.copyFiles(to: saved.url)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: saved.url.path) == ["tokenizer.json"])
    let copy = saved.url.appending(path: "tokenizer.json")
    #expect(try copy.resourceValues(forKeys: [.isSymbolicLinkKey]).isSymbolicLink == false)
    #expect(try Tokenizer(folder: saved.url).pieces("aa") == ["a", "a"])
  }

  @Test func severalThreadsMayEncodeAtOnce() async throws {
    let tokenizer = try Tokenizer.small(["a", "b", "ab"], merges: ["a b"])
    let text = String(repeating: "abba", count: 500)
    let ids = tokenizer.encode(text, addSpecialTokens: false)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { tokenizer.encode(text, addSpecialTokens: false) == ids }
      }
      for await same in group { #expect(same) }
    }
  }
}
