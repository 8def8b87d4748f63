import Testing

@testable import Tokenizers

struct NormalizerTests {
  private func normalized(_ text: String, _ normalizer: Normalizer) -> [UInt32] {
    var bytes = Array(text.utf8)
    normalizer.apply(to: &bytes)
    return String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value)
  }

  /// Unicode's NormalizationTest.txt and UAX 15 give the expected values.
  @Test(
    arguments: [
      ([0x65, 0x301], [0xE9]),
      ([0xE9], [0xE9]),
      ([0x212B], [0xC5]),  // singleton
      ([0x958], [0x915, 0x93C]),  // composition exclusion
      ([0x1100, 0x1161, 0x11A8], [0xAC01]),  // Hangul L V T
      ([0xAC1C, 0x11B4], [0xAC29]),  // Hangul LV T
      ([0xAC01, 0x11A8], [0xAC01, 0x11A8]),  // LVT takes no further T
      ([0x61, 0x315, 0x300, 0x5AE, 0x62], [0xE0, 0x5AE, 0x315, 0x62]),  // canonical order
      ([0x61, 0x35C, 0x315, 0x300], [0xE0, 0x315, 0x35C]),
      ([0xFE2B, 0x735, 0xF73], [0xF71, 0xF72, 0xFE2B, 0x735]),
      ([0x3B1, 0x345, 0x313, 0x300], [0x1F82]),
      ([0x301, 0x61], [0x301, 0x61]),
      ([0x1611, 0x61, 0x61, 0x327, 0x301], [0x1611, 0x61, 0xE1, 0x327]),
      ([0x2FA1D, 0x4E00], [0x2A600, 0x4E00]),
    ] as [([UInt32], [UInt32])])
  func formCComposes(values: [UInt32], form: [UInt32]) {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: values.map { Unicode.Scalar($0)! })
    #expect(normalized(String(text), .nfc) == form)
    #expect(normalized("x\(String(text))y", .nfc) == [0x78] + form + [0x79])
  }

  @Test func marksNewerThanTheReferenceStayWhereTheyStand() {
    // U+0323 (Unicode 1.1) and U+08D2 (Unicode 14) both belong before U+0315.
    #expect(normalized("q\u{315}\u{323}", .nfc) == [0x71, 0x323, 0x315])
    #expect(normalized("q\u{315}\u{8D2}", .nfc) == [0x71, 0x315, 0x8D2])
  }

  @Test func textInFormCIsLeftAlone() {
    for text in ["plain", "déjà vu", "日本語 한국어", ""] {
      #expect(withBytes(text) { CanonicalForm.shared.composed($0) } == nil)
    }
  }

  @Test func formDIsTheInverse() {
    #expect(normalized("é각", .nfd) == [0x65, 0x301, 0x1100, 0x1161, 0x11A8])
  }

  @Test func simpleStagesDoWhatTheirNamesSay() {
    func text(_ text: String, _ normalizer: Normalizer) -> String {
      var bytes = Array(text.utf8)
      normalizer.apply(to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
    let mark = Array("▁".utf8)
    #expect(text("a", .prepend(mark)) == "▁a")
    #expect(text("", .prepend(mark)) == "")
    #expect(text("a  b ", .replace(pattern: [0x20], content: mark)) == "a▁▁b▁")
    #expect(text("aaa", .replace(pattern: [0x61, 0x61], content: [0x62])) == "ba")
    #expect(text("\t a \u{3000}", .strip(left: true, right: true)) == "a")
    #expect(text(" \n", .strip(left: true, right: true)) == "")
    #expect(text(" a ", .strip(left: false, right: true)) == " a")
    #expect(text("İX", .lowercase) == "i\u{307}x")
    #expect(text("e\u{301}a", .stripAccents) == "ea")
    #expect(text("a", .sequence([.prepend([0x62]), .prepend([0x63])])) == "cba")
  }
}
