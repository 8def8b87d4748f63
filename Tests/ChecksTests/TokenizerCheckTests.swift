import Foundation
import Testing

@testable import Checks

struct TokenizerCheckTests {
  private static let tokenizer = """
    {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
     "added_tokens": [{"id": 3, "content": "<e>", "normalized": false, "special": true}]}
    """

  private func check(_ rows: String) throws -> CheckReport {
    let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "rows.jsonl")
    try Data(rows.utf8).write(to: file)
    try Data(Self.tokenizer.utf8).write(to: folder.appending(path: "tokenizer.json"))
    return try checkTokenizers(file: file, tokenizer: folder)
  }

  @Test func everyKeyOfARowIsCompared() throws {
    let row = #"{"kind":"encode","text":"ab<e>","ids":[2,3],"ids_special":[2,3],"n":4,"#
    #expect(
      try check(row + #""ids_plain":[2],"decoded":"ab <e>","decoded_skip":"ab","new":{}}"#)
        .exitCode == 0)
    #expect(try check(row + #""stream":["ab"," <e>"],"stream_tail":""}"#).exitCode == 0)
    for wrong in [
      #""ids_plain":[2,3]}"#, #""decoded":"ab<e>"}"#, #""decoded_skip":"ab "}"#,
      #""stream":["ab",null]}"#, #""stream_tail":"x"}"#, #""pieces":["ab","e"]}"#,
    ] {
      #expect(try check(row + wrong).differ == ["line 1 (encode)"], "\(wrong)")
    }
  }

  @Test func whatIsNullOrAbsentIsNotCompared() throws {
    let report = try check(
      """
      {"kind":"encode","cat":"x","text":"b","ids":[1],"ids_plain":null,"decoded":null}

      {"kind":"decode","ids":[0,0],"decoded":"a a"}
      {"kind":"decode","ids":[0,0]}
      """)
    #expect((report.cases, report.agreed, report.skipped) == (2, 2, 1))
  }

  @Test func canonicallyEquivalentTextIsNotTheSame() throws {
    let report = try check(#"{"kind":"decode","ids":[],"decoded":""}"#)
    #expect(report.exitCode == 0)
    #expect("é" == "e\u{301}")
    #expect(ExactString("é") != ExactString("e\u{301}"))
  }

  @Test(arguments: [
    "no json", #"{"kind":"other","ids":[]}"#, #"{"kind":"encode","ids":[]}"#, "[1]",
    #"{"kind":"decode","decoded":""}"#, #"{"kind":"decode","ids":[1.5],"decoded":""}"#,
  ])
  func rowsNotOfTheFormAreErrors(row: String) {
    #expect(throws: CheckError.self) { try check(row) }
  }
}
