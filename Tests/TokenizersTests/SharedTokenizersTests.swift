import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenizers

/// Real tokenizers against ids and texts that their reference libraries gave.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct SharedTokenizersTests {
  private struct Rows {
    let tokenizer: Tokenizer
    let rows: [JSON]

    init(_ golden: String, _ file: String) throws {
      tokenizer = try Tokenizer(file: Shared.url(file))
      rows = try JSONLines(of: Shared.url("golden/tokenizers/\(golden).jsonl")).map {
        try $0.value.get()
      }
    }
  }

  private static let files = [
    ("gpt2", "tokenizers/gpt2/tokenizer.json"),
    ("qwen2.5", "tokenizers/qwen2.5/tokenizer.json"),
    ("llama3", "tokenizers/llama3/tokenizer.json"),
    ("llama3", "tokenizers/llama3/tokenizer.model"),
    ("smollm2", "tokenizers/smollm2/tokenizer.json"),
    ("phi3-mini", "tokenizers/phi3-mini/tokenizer.json"),
    ("mistral-v1", "tokenizers/mistral-v1/tokenizer.json"),
    ("mistral-v1.spm", "tokenizers/mistral-v1/tokenizer.model"),
    ("spm-unigram.spm", "tokenizers/spm-unigram/tokenizer.model"),
    ("stories260k", "models/stories260k/tokenizer.json"),
    ("stories260k.spm", "models/stories260k/tokenizer.model"),
  ]

  @Test(arguments: files)
  func idsAndTextsAgreeWithTheReference(golden: String, file: String) throws {
    let set = try Rows(golden, file)
    #expect(set.rows.count > 300)
    for row in set.rows {
      let ids = row["ids"].ints!.map { Int32($0) }
      if let text = row["text"].string {
        #expect(set.tokenizer.encode(text, addSpecialTokens: false) == ids)
        let special = set.tokenizer.encode(text, addSpecialTokens: true)
        #expect(special.map(Int.init) == row["ids_special"].ints)
        let plain = set.tokenizer.encode(text, addSpecialTokens: false, parseSpecial: false)
        #expect(plain.map(Int.init) == row["ids_plain"].ints ?? row["ids"].ints)
      }
      let decoded = set.tokenizer.decode(ids, skipSpecial: false)
      #expect(decoded.utf8.elementsEqual(row["decoded"].string!.utf8))
      if let pieces = row["pieces"].array {
        #expect(ids.map { set.tokenizer.piece(of: $0) } == pieces.map(\.string))
      }
    }
  }

  @Test(arguments: files)
  func streamsJoinToTheDecodedText(golden: String, file: String) throws {
    let set = try Rows(golden, file)
    for row in set.rows {
      guard let stream = row["stream"].array else { continue }
      var decoder = set.tokenizer.streamDecoder(skipSpecial: false)
      let shown = row["ids"].ints!.map { decoder.append(Int32($0)) }
      #expect(shown == stream.map(\.string))
      #expect(decoder.finish() == row["stream_tail"].string ?? "")
    }
  }

  @Test func aFolderOfASentencePieceModelFindsItsControlPieces() throws {
    let folder = try TemporaryFolder()
    for name in ["tokenizer.model", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        at: Shared.url("tokenizers/mistral-v1/\(name)"), to: folder.url.appending(path: name))
    }
    let tokenizer = try Tokenizer(folder: folder.url)
    #expect(tokenizer.pieces("<s>Hi</s>") == ["<s>", "▁Hi", "</s>"])
    #expect(tokenizer.pieces("<s>", parseSpecial: false) == ["▁<", "s", ">"])
    #expect(tokenizer.encode("Hi", addSpecialTokens: true).first == 1)
    #expect(tokenizer.decode([1, 15359, 2], skipSpecial: true) == "Hi")
    #expect(tokenizer.named == NamedTokens(bos: "<s>", eos: "</s>", pad: nil, unk: "<unk>"))
    #expect(tokenizer.isSpecial(1) && !tokenizer.isSpecial(15359))
    #expect(tokenizer.id(of: "no such piece") == nil)
    #expect(tokenizer.size == 32_000)
  }
}
