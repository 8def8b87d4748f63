/// Escaped surrogate pairs as the characters that they stand for.
///
/// json-c 0.16 decodes a pair such as `\ud836\udce6` to U+FFFD where the low 16 bits of the code
/// point look like a surrogate themselves. Such pairs are written out before it sees them; a text
/// without one is not copied.
enum SurrogatePairs {
  /// The text with every pair that json-c would lose as UTF-8; `nil` where there is none.
  static func written(out text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var result: [UInt8]?
    var copied = 0
    var index = 0
    while index < text.count {
      guard text[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      if let scalar = pair(text, at: index), (0xD800...0xDFFF).contains(scalar.value & 0xFFFF) {
        var bytes = result ?? []
        bytes += text[copied..<index]
        bytes += Array(String(Character(scalar)).utf8)
        result = bytes
        index += 12
        copied = index
      } else {
        index += 2  // an escaped backslash begins no escape
      }
    }
    result?.append(contentsOf: text[copied...])
    return result
  }

  /// The character of `\uD8xx\uDCxx` at `index`.
  private static func pair(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Unicode.Scalar? {
    guard let high = unit(text, at: index), (0xD800...0xDBFF).contains(high),
      let low = unit(text, at: index + 6), (0xDC00...0xDFFF).contains(low)
    else { return nil }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
  }

  /// The number of `\uXXXX` at `index`.
  private static func unit(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
    guard index + 6 <= text.count, text[index] == UInt8(ascii: "\\"),
      text[index + 1] == UInt8(ascii: "u")
    else { return nil }
    let digits = text[index + 2..<index + 6]
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
