import Testing

@testable import JSON

@Suite struct SurrogatePairTests {
  /// U+1D8E6 is one of the characters whose low 16 bits look like a surrogate.
  @Test func pairsThatTheLibraryLosesAreKept() throws {
    #expect(try JSON(parsing: #""a\ud836\udce6b""#).string == "a\u{1D8E6}b")
    #expect(try JSON(parsing: #""\ud83d\ude00""#).string == "\u{1F600}")
  }

  @Test func everySupplementaryCharacterSurvivesItsEscape() throws {
    for value in stride(from: UInt32(0x10000), through: 0x10FFFF, by: 97) {
      let high = String(0xD800 + (value - 0x10000) >> 10, radix: 16)
      let low = String(0xDC00 + (value - 0x10000) & 0x3FF, radix: 16)
      let text = try JSON(parsing: "\"\\u\(high)\\u\(low)\"").string
      #expect(text?.unicodeScalars.first?.value == value)
    }
  }

  @Test func anEscapedBackslashBeginsNoPair() throws {
    #expect(try JSON(parsing: #""\\ud836\\udce6""#).string == #"\ud836\udce6"#)
  }
}
