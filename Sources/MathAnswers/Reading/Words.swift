/// Answers as text.
enum Words {
  /// Letters and signs without LaTeX's wrappers, lower-cased, blanks collapsed, without outer
  /// brackets and final punctuation.
  static func normalized(_ bytes: some Collection<UInt8>) -> String {
    let source = Array(bytes)
    var kept: [UInt8] = []
    var index = 0
    while index < source.count {
      let byte = source[index]
      switch byte {
      case UInt8(ascii: "\\"):
        var end = index + 1
        while end < source.count, source[end].isLetter { end += 1 }
        let name = String(decoding: source[index + 1..<end], as: UTF8.self)
        if end == index + 1 {
          kept.append(0x20)
          end += 1
        } else if Vocabulary.text.contains(name) || Vocabulary.transparent.contains(name) {
          kept.append(0x20)
        } else {
          kept += source[index..<end]
        }
        index = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "$"), UInt8(ascii: "~"),
        UInt8(ascii: "\""), UInt8(ascii: "`"):
        kept.append(0x20)
      case 0x41...0x5A: kept.append(byte | 0x20)
      default: kept.append(byte)
      }
      index += 1
    }
    var result: [UInt8] = []
    for byte in kept where !(byte.isBlank && (result.isEmpty || result.last == 0x20)) {
      result.append(byte.isBlank ? 0x20 : byte)
    }
    while let last = result.last, ". ,;:!".utf8.contains(last) { result.removeLast() }
    if result.first == UInt8(ascii: "("), result.last == UInt8(ascii: ")") {
      result = Array(result.dropFirst().dropLast())
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The bytes of a name without blanks, braces and text commands: `x_{1}` is `x_1`.
  static func compact(_ bytes: some Collection<UInt8>) -> String {
    let source = Array(bytes)
    var kept: [UInt8] = []
    var index = 0
    while index < source.count {
      let byte = source[index]
      if byte == UInt8(ascii: "\\") {
        var end = index + 1
        while end < source.count, source[end].isLetter { end += 1 }
        let name = String(decoding: source[index + 1..<end], as: UTF8.self)
        if end == index + 1 {
          end += 1
        } else if !Vocabulary.text.contains(name), !Vocabulary.transparent.contains(name) {
          kept += source[index..<end]
        }
        index = end
        continue
      }
      if !byte.isBlank, byte != UInt8(ascii: "{"), byte != UInt8(ascii: "}"),
        byte != UInt8(ascii: "$"), byte != UInt8(ascii: "~")
      {
        kept.append(byte)
      }
      index += 1
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
