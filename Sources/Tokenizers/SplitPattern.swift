/// The regular expressions that byte-level tokenizers cut text with, as hand-written scanners.
///
/// Each matches some stretch at every position of every text, so that pieces leave no gaps.
public enum SplitPattern: String, CaseIterable, Sendable {
  /// Built into the `ByteLevel` pre-tokenizer. Radford et al. 2019, `encoder.py` of GPT-2.
  case gpt2 =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  /// Digits one by one.
  case qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  /// Digits in groups of three from the left.
  case llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Calls `body` with the start and end of each match, in order.
  func forEachMatch(in bytes: Bytes, _ body: (Int, Int) -> Void) {
    let text = ClassifiedText(bytes)
    var start = 0
    while start < bytes.count {
      let end =
        switch self {
        case .gpt2: text.endOfGPT2Match(from: start)
        case .qwen2: text.endOfLlamaMatch(from: start, digits: 1)
        case .llama3: text.endOfLlamaMatch(from: start, digits: 3)
        }
      body(start, end)
      start = end
    }
  }
}

extension ClassifiedText {
  /// The alternatives of ``SplitPattern/gpt2`` in their order.
  @inline(__always)
  fileprivate func endOfGPT2Match(from start: Int) -> Int {
    if let end = endOfContraction(from: start, caseFolding: 0) { return end }
    // ` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+`
    let body = bytes[start] == UInt8(ascii: " ") ? start + 1 : start
    if body < bytes.count {
      let (kind, length) = character(at: body)
      if kind != CharacterClass.space { return run(of: kind, from: body + length) }
    }
    return endOfSpaceMatch(from: start, to: bytes.endOfSpace(from: start))
  }

  /// The alternatives of ``SplitPattern/qwen2`` and ``SplitPattern/llama3`` in their order.
  @inline(__always)
  fileprivate func endOfLlamaMatch(from start: Int, digits: Int) -> Int {
    if let end = endOfContraction(from: start, caseFolding: 0x20) { return end }
    let first = character(at: start)
    let next = start + first.length
    switch first.class {
    case CharacterClass.letter:
      return run(of: CharacterClass.letter, from: next)
    case CharacterClass.number:
      var end = next
      for _ in 1..<digits where end < bytes.count {
        let (kind, length) = character(at: end)
        guard kind == CharacterClass.number else { break }
        end += length
      }
      return end
    default: break
    }
    // `[^\r\n\p{L}\p{N}]?\p{L}+` with the optional character present.
    let lead = bytes[start]
    if next < bytes.count, !Self.isLineBreak(lead) {
      let (kind, length) = character(at: next)
      if kind == CharacterClass.letter { return run(of: kind, from: next + length) }
      // ` ?[^\s\p{L}\p{N}]+[\r\n]*` with the optional space present.
      if lead == UInt8(ascii: " "), kind == CharacterClass.other {
        return endOfPunctuation(from: next + length)
      }
    }
    if first.class == CharacterClass.other { return endOfPunctuation(from: next) }
    // `\s*[\r\n]+`: up to and with the last line break of the run.
    let end = run(of: CharacterClass.space, from: next)
    if let last = bytes[start..<end].lastIndex(where: Self.isLineBreak) { return last + 1 }
    return endOfSpaceMatch(from: start, to: end)
  }

  /// The rest of `[^\s\p{L}\p{N}]+[\r\n]*`.
  @inline(__always)
  private func endOfPunctuation(from start: Int) -> Int {
    var end = run(of: CharacterClass.other, from: start)
    while end < bytes.count, Self.isLineBreak(bytes[end]) { end += 1 }
    return end
  }

  /// `\s+(?!\S)|\s+` for the white space from `start` to `end`: before a visible character the
  /// last white-space character is given up, unless it is the only one.
  @inline(__always)
  private func endOfSpaceMatch(from start: Int, to end: Int) -> Int {
    guard end < bytes.count else { return end }
    let last = bytes.start(ofCharacterEndingAt: end)
    return last > start ? last : end
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`; a `caseFolding` of 0x20 makes it match capitals too.
  @inline(__always)
  private func endOfContraction(from start: Int, caseFolding: UInt8) -> Int? {
    guard bytes[start] == UInt8(ascii: "'"), start + 1 < bytes.count else { return nil }
    switch bytes[start + 1] | caseFolding {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return endOfContraction(from: start, second: "e", caseFolding)
    case UInt8(ascii: "l"):
      return endOfContraction(from: start, second: "l", caseFolding)
    default:
      return nil
    }
  }

  private func endOfContraction(from start: Int, second: Unicode.Scalar, _ folding: UInt8) -> Int? {
    guard start + 2 < bytes.count, bytes[start + 2] | folding == UInt8(ascii: second) else {
      return nil
    }
    return start + 3
  }

  @inline(__always)
  private static func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
