import Datasets
import Foundation
import JSON
import TestSupport
import Testing

struct DatasetTests {
  @Test func rowsAreReadByTheMeaningOfTheirKeys() throws {
    let data = try dataset(
      #"{"id": "a", "problem": "1+1", "answer": 2, "solution": "it is 2"}"#, "",
      #"{"prompt": "Once", "answer": "x", "completion": " upon"}"#,
      #"{"id": 7, "messages": [{"role": "user", "content": "hi"}], "tools": [{"n": 1}]}"#)
    #expect(data.count == 3)
    let rows = try (0..<3).map(data.row)
    #expect(rows.map(\.id) == ["a", "3", "7"])
    #expect(rows.map(\.line) == [1, 3, 4])
    #expect(rows[0].task == .problem("1+1"))
    #expect(rows[1].task == .text("Once"))
    #expect(rows[2].task == .conversation([["role": "user", "content": "hi"]]))
    #expect(rows.map(\.answer) == ["2", "x", nil])
    #expect(rows.map(\.completion) == ["it is 2", " upon", nil])
    #expect(rows[2].tools == [["n": 1]])
  }

  @Test func theRowReachesTheVerifierAsItStandsInTheFile() throws {
    let text = #"{"problem":"é\n",  "n": 123456789012345678901234567890, "x": 2.50}"#
    #expect(try dataset("\u{FEFF}" + text + "  \r").row(at: 0).json == text)
  }

  @Test func renamedKeysAreFurtherKeysOfTheRow() throws {
    let data = try dataset(
      #"{"question": "q", "problem": "other", "gold": {"value": [1, "x"]}}"#,
      fields: ["problem=question", "answer=gold.value"])
    let row = try data.row(at: 0)
    #expect(row.task == .problem("q"))
    #expect(row.answer == #"[1,"x"]"#)
    let json = try JSON(parsing: row.json)
    #expect(json["problem"].string == "q")
    #expect(json["answer"].serialized == #"[1,"x"]"#)
    #expect(json["question"].string == "q")
  }

  @Test func aRenamedTaskComesBeforeTheOthers() throws {
    let line = #"{"messages": [{"role": "user", "content": "m"}], "problem": "p", "q": "text"}"#
    #expect(
      try dataset(line).row(at: 0).task == .conversation([["role": "user", "content": "m"]]))
    #expect(try dataset(line, fields: ["prompt=q"]).row(at: 0).task == .text("text"))
  }

  @Test func badRowsAreNamedByLineBeforeTheRunBegins() throws {
    let lines = [
      #"{"problem": "fine"}"#, #"{"problem": "#, #"{"question": "q"}"#, #"{"problem": 5}"#, "[1]",
      #"{"messages": []}"#, #"{"messages": [{"content": "x"}]}"#,
    ]
    let error = #expect(throws: DatasetError.self) {
      try dataset(lines[0], lines[1], lines[2], lines[3], lines[4], lines[5], lines[6])
    }
    let text = error!.description
    #expect(text.contains("6 of 7 rows cannot be used"))
    #expect(text.contains(".jsonl:2: not valid JSON"))
    #expect(text.contains("needs 'messages', 'prompt' or 'problem'; it has 'question'"))
    #expect(text.contains(".jsonl:4: problem must be a string; it is 5"))
    #expect(text.contains("and 1 more"))
    let left = try dataset(lines[0], lines[1], badRows: .skip)
    #expect((left.count, left.skipped) == (1, 1))
  }

  @Test func aRenameThatARowLacksIsAnError() throws {
    let error = #expect(throws: DatasetError.self) {
      try dataset(#"{"problem": "p", "a": 1}"#, fields: ["answer=gold"])
    }
    #expect(error!.description.contains("has no 'gold', which 'fields' names for 'answer'"))
  }

  @Test(arguments: ["problem", "problem=", "=x", "a=b=c"])
  func fieldsThatDoNotReadNameIsKeyAreRefused(entry: String) {
    #expect(throws: DatasetError.field(entry)) { try FieldNames([entry]) }
  }

  @Test func fieldsMayBeGivenTogetherButNotTwice() throws {
    #expect(try FieldNames(["a=b, c=d"]) == FieldNames(["a=b", "c=d"]))
    #expect(throws: DatasetError.fieldTwice("a")) { try FieldNames(["a=b", "a=c"]) }
  }

  @Test func anEmptyFileIsAnError() {
    #expect { try dataset("", "  ") } throws: { error in
      if case .empty = error as? DatasetError { true } else { false }
    }
    #expect(throws: JSONError.self) {
      try Dataset(contentsOf: URL(filePath: "/nowhere/train.jsonl"))
    }
  }

  @Test func aLimitReadsTheFirstRowsAlone() throws {
    let data = try dataset(#"{"prompt": "a"}"#, #"{"prompt": "b"}"#, "broken", limit: 2)
    #expect(data.count == 2)
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: ["gsm8k/train", "math/test", "svamp/test", "olympiadbench/test", "aime25/test"])
  func realFilesAreRead(name: String) throws {
    let data = try Dataset(contentsOf: Shared.url("data/\(name).jsonl"))
    let last = try data.row(at: data.count - 1)
    #expect(last.answer != nil)
    #expect(try JSON(parsing: last.json)["id"].string == last.id)
  }
}
