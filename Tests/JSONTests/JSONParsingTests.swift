import Foundation
import JSON
import Testing

struct JSONParsingTests {
  @Test func objectsKeepTheOrderOfTheirKeys() throws {
    let json = try JSON(parsing: #"{"z": 1, "a": {"y": null, "b": true}, "m": [1, 2.5, "x"]}"#)
    #expect(json.object!.map(\.key) == ["z", "a", "m"])
    #expect(json["a"].object!.map(\.key) == ["y", "b"])
    #expect(json.serialized == #"{"z":1,"a":{"y":null,"b":true},"m":[1,2.5,"x"]}"#)
  }

  @Test func valuesAreNeverConverted() throws {
    let json = try JSON(parsing: #"{"i": 1, "d": 1.5, "s": "1", "b": true, "n": null, "a": [1]}"#)
    #expect(json["i"].int == 1 && json["i"].double == 1 && json["i"].string == nil)
    #expect(json["d"].int == nil && json["d"].double == 1.5)
    #expect(json["s"].int == nil && json["s"].string == "1" && json["s"].bool == nil)
    #expect(json["b"].bool == true && json["b"].int == nil)
    #expect(json["n"].isNull && json.has("n") && !json.has("none") && json["none"].isNull)
    #expect(json["a"][0].int == 1 && json["a"][1].isNull && json["a"][-1].isNull)
    #expect(json["a"].ints == [1] && json["a"].doubles == [1] && json["s"].ints == nil)
  }

  @Test(arguments: [
    ("1", "1"), ("-0.5e-3", "-0.0005"), ("true", "true"), ("null", "null"), (" \"x\"\n", "\"x\""),
    ("9223372036854775807", "9223372036854775807"), ("[]", "[]"), ("{}", "{}"),
    ("\u{FEFF}{\"a\": 1}", "{\"a\":1}"),
  ])
  func wholeTextsOfAnyKindAreRead(text: String, expected: String) throws {
    #expect(try JSON(parsing: text).serialized == expected)
  }

  @Test func integersBeyond64BitsAreNumbers() throws {
    let json = try JSON(parsing: "[18446744073709551615, 9223372036854775808, 1]")
    #expect(json[0].int == nil && json[1].kind == .number && json[2].kind == .integer)
    #expect(json[1].double == 0x1p63)
    #expect(json.ints == nil)
  }

  @Test func textIsReadCodePointByCodePoint() throws {
    let json = try JSON(
      parsing: #"["a\u0000b", "\ud83d\ude42", "é", "e\u0301", "\"\\\/\b\f\n\r\t"]"#)
    #expect(json[0].string!.utf8.count == 3)
    #expect(json[1].string == "🙂")
    #expect(json[3].string!.unicodeScalars.count == 2)
    #expect(json[4].string == "\"\\/\u{8}\u{C}\n\r\t")
    #expect(try JSON(parsing: json.serialized).serialized == json.serialized)
  }

  @Test(arguments: [
    ("", 1), ("[1,\n2,\n}", 3), ("{\"a\": 1,}", 1), ("{a: 1}", 1), ("'x'", 1), ("[1]\n\n2", 3),
    ("nul", 1), ("01", 1), ("\"x", 1), ("[1 2]", 1), ("{\"a\" 1}", 1), ("\n// c\n1", 2), ("+1", 1),
  ])
  func malformedTextsNameTheirLine(text: String, line: Int) {
    #expect {
      try JSON(parsing: text, source: "f.json")
    } throws: { error in
      guard case .syntax("f.json", line, _)? = error as? JSONError else { return false }
      return "\(error)".hasPrefix("f.json:\(line): not valid JSON: ")
    }
  }

  @Test func hostileNestingIsRefused() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
  }

  @Test func brokenUTF8IsRefused() {
    let bytes: [UInt8] = [0x22, 0xFF, 0x22]
    #expect(throws: JSONError.self) {
      _ = try bytes.withUnsafeBufferPointer { try JSON(parsing: $0) }
    }
  }

  @Test func errorsNameTheValuesPlace() throws {
    let json = try JSON(parsing: #"{"cases": [{}, {"loss": "high"}]}"#, source: "golden.json")
    #expect(
      throws: JSONError.type(
        path: "golden.json: cases[1].loss", expected: "a number", found: "\"high\"")
    ) { try json["cases"][1]["loss"].requireDouble() }
    #expect(
      throws: JSONError.type(
        path: "golden.json: cases[0].loss", expected: "a number", found: "nothing")
    ) { try json["cases"][0]["loss"].requireDouble() }
  }

  @Test func aValueMayBeReadFromSeveralThreadsAtOnce() async throws {
    let json = try JSON(parsing: #"{"a": [1, 2.5, "x"], "b": {"c": null}}"#)
    let texts = await withTaskGroup(of: Set<String>.self) { group in
      for _ in 0..<8 {
        group.addTask { Set((0..<500).map { _ in json.serialized + json["a"].summary }) }
      }
      return await group.reduce(into: Set()) { $0.formUnion($1) }
    }
    #expect(texts.count == 1)
  }
}
