/// Borrowed UTF-8, always whole characters.
///
/// Text is handled as bytes throughout: Swift's `String` takes canonically equivalent strings for
/// equal and `"\r\n"` for one character, and tokenizers tell all of these apart.
typealias Bytes = UnsafeBufferPointer<UInt8>

extension UnsafeBufferPointer<UInt8> {
  /// The bytes of `range`.
  @inline(__always)
  func slice(_ start: Int, _ end: Int) -> Bytes { Bytes(rebasing: self[start..<end]) }

  /// The code point that begins at `index`, and its length in bytes.
  @inline(__always)
  func scalar(at index: Int) -> (value: UInt32, length: Int) {
    let lead = UInt32(self[index])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(self[index + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(self[index + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(self[index + 3] & 0x3F), 4)
  }

  /// Where the character that ends at `end` begins.
  @inline(__always)
  func start(ofCharacterEndingAt end: Int) -> Int {
    var start = end - 1
    while self[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  func starts(with prefix: [UInt8], at index: Int = 0) -> Bool {
    guard count - index >= prefix.count else { return false }
    for offset in prefix.indices where self[index + offset] != prefix[offset] { return false }
    return true
  }

  /// The end of the white space that begins at `start`.
  func endOfSpace(from start: Int) -> Int {
    let text = ClassifiedText(self)
    return text.run(of: CharacterClass.space, from: start)
  }

  /// The start of the white space that ends at `end`.
  func startOfSpace(endingAt end: Int) -> Int {
    let text = ClassifiedText(self)
    var start = end
    while start > 0 {
      let before = self.start(ofCharacterEndingAt: start)
      guard text.character(at: before).class == CharacterClass.space else { break }
      start = before
    }
    return start
  }

  /// Calls `body` with the start of every occurrence of `needle`, left to right, none overlapping.
  func forEachOccurrence(of needle: [UInt8], _ body: (Int) -> Void) {
    guard let first = needle.first else { return }
    var index = 0
    while index + needle.count <= count {
      if self[index] == first, starts(with: needle, at: index) {
        body(index)
        index += needle.count
      } else {
        index += 1
      }
    }
  }
}

extension Array<UInt8> {
  /// Appends a code point as UTF-8.
  mutating func append(scalar value: UInt32) {
    switch value {
    case 0..<0x80:
      append(UInt8(value))
    case 0x80..<0x800:
      append(UInt8(0xC0 | value >> 6))
      append(UInt8(0x80 | value & 0x3F))
    case 0x800..<0x10000:
      append(UInt8(0xE0 | value >> 12))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    default:
      append(UInt8(0xF0 | value >> 18))
      append(UInt8(0x80 | value >> 12 & 0x3F))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    }
  }
}

/// UTF-8 seen as a row of character classes.
struct ClassifiedText {
  let bytes: Bytes
  private let classes = CharacterClass.table

  init(_ bytes: Bytes) { self.bytes = bytes }

  /// The class of the character that begins at `index`, and its length in bytes.
  @inline(__always)
  func character(at index: Int) -> (class: UInt8, length: Int) {
    let lead = bytes[index]
    if lead < 0x80 { return (classes[Int(lead)], 1) }
    let (value, length) = bytes.scalar(at: index)
    return (value < CharacterClass.tabulated ? classes[Int(value)] : CharacterClass.other, length)
  }

  /// The end of the run of characters of one class that begins at `start`; `start` if there is none.
  @inline(__always)
  func run(of class: UInt8, from start: Int) -> Int {
    var end = start
    while end < bytes.count {
      let next = character(at: end)
      guard next.class == `class` else { break }
      end += next.length
    }
    return end
  }
}
