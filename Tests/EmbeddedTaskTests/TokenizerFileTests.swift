import Foundation
import JSON
import Testing

@testable import EmbeddedTask

/// tokenizers/arithmetic, the tokenizer of this task's models.
@Suite struct TokenizerFileTests {
  let tokenizer: JSON

  init() throws {
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    tokenizer = try JSON(
      contentsOf: package.appending(path: "tokenizers/arithmetic/tokenizer.json"))
  }

  @Test func everyCharacterOfEveryRowIsATokenOfItsOwn() throws {
    let vocabulary = Set(try tokenizer["model"]["vocab"].requireObject().map(\.key))
    #expect(tokenizer["model"]["merges"].array?.isEmpty == true)
    let task = try ArithmeticTask(numbers: 6, largest: 12)
    for index in 0..<500 {
      let demonstration = task.demonstration(index)
      for character in demonstration.chain.problem + demonstration.completion {
        #expect(vocabulary.contains(String(character)), "'\(character)'")
      }
    }
  }

  @Test func idsAreDenseAndSpecialTokensComeFirst() throws {
    let ids = try tokenizer["model"]["vocab"].requireObject().map { $0.value.int }
    #expect(ids == Array(0..<ids.count))
    let added = try tokenizer["added_tokens"].requireArray()
    #expect(added.map { $0["content"].string } == ["<pad>", "<bos>", "<eos>", "<unk>"])
    #expect(added.map { $0["id"].int } == [0, 1, 2, 3])
  }
}
