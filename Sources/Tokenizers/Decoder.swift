/// A stage of the chain that turns token strings into text.
indirect enum Decoder: Sendable {
  case sequence([Decoder])
  case byteLevel
  case replace(pattern: [UInt8], content: [UInt8])
  case byteFallback
  case fuse
  case strip(content: [UInt8], start: Int, stop: Int)
  case metaspace(PreTokenizer.Metaspace)

  /// Takes a list of strings to another.
  func apply(to tokens: Fragments) -> Fragments {
    switch self {
    case .sequence(let decoders):
      return decoders.reduce(tokens) { $1.apply(to: $0) }
    case .byteLevel:
      return Fragments(one: Array(text(of: tokens).utf8))
    case .replace(let pattern, let content):
      return tokens.map { token, output in output.append(token, replacing: pattern, with: content) }
    case .byteFallback:
      return tokens.joiningByteTokens()
    case .fuse:
      return Fragments(one: tokens.bytes)
    case .strip(let content, let start, let stop):
      return tokens.map { token, output in
        var (from, to) = (0, token.count)
        for _ in 0..<start where token.starts(with: content, at: from) { from += content.count }
        for _ in 0..<stop
        where to - from >= content.count && token.starts(with: content, at: to - content.count) {
          to -= content.count
        }
        output.append(contentsOf: token.slice(from, to))
      }
    case .metaspace(let metaspace):
      var isFirst = true
      return tokens.map { token, output in
        let dropped = isFirst && metaspace.scheme != .never
        output.append(
          token, replacing: metaspace.replacement, with: dropped ? [] : [UInt8(ascii: " ")])
        isFirst = false
      }
    }
  }
}

extension Decoder {
  /// The text of a list of strings: what the chain makes of it, joined.
  func text(of tokens: Fragments) -> String {
    switch self {
    case .sequence(let decoders) where !decoders.isEmpty:
      return decoders.last!.text(of: Decoder.sequence(decoders.dropLast()).apply(to: tokens))
    case .byteLevel:
      // Each maximal ill-formed prefix gives one U+FFFD, as the Unicode Standard, section 3.9,
      // recommends.
      return String(decoding: ByteDisplay.bytes(of: tokens), as: UTF8.self)
    default:
      return String(decoding: apply(to: tokens).bytes, as: UTF8.self)
    }
  }
}

/// A list of strings, end to end.
struct Fragments {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int] = []

  init() {}

  init(one bytes: [UInt8]) {
    self.bytes = bytes
    ends = [bytes.count]
  }

  mutating func append(_ token: Bytes) { append { $0.append(contentsOf: token) } }

  private mutating func append(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    ends.append(bytes.count)
  }

  func forEach(_ body: (Bytes) -> Void) {
    bytes.withUnsafeBufferPointer { all in
      var start = 0
      for end in ends {
        body(all.slice(start, end))
        start = end
      }
    }
  }

  func map(_ write: (Bytes, inout [UInt8]) -> Void) -> Fragments {
    var result = Fragments()
    result.bytes.reserveCapacity(bytes.count)
    result.ends.reserveCapacity(ends.count)
    forEach { token in result.append { write(token, &$0) } }
    return result
  }

  func joined(separator: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    var isFirst = true
    forEach { token in
      if !isFirst { result.append(separator) }
      result.append(contentsOf: token)
      isFirst = false
    }
    return result
  }

  /// Each run of `<0xNN>` tokens becomes its text, or one U+FFFD for every token if the whole run
  /// is not valid UTF-8.
  fileprivate func joiningByteTokens() -> Fragments {
    var result = Fragments()
    var run: [UInt8] = []
    func flush() {
      guard !run.isEmpty else { return }
      if String(validating: run, as: UTF8.self) != nil {
        result.append { $0 += run }
      } else {
        for _ in run { result.append { $0.append(scalar: 0xFFFD) } }
      }
      run.removeAll(keepingCapacity: true)
    }
    forEach { token in
      if let byte = Self.byte(of: token) {
        run.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  private static func byte(of token: Bytes) -> UInt8? {
    guard token.count == 6, token[0] == UInt8(ascii: "<"), token[1] == UInt8(ascii: "0"),
      token[2] == UInt8(ascii: "x"), token[5] == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: token.slice(3, 5), as: UTF8.self), radix: 16)
  }
}

extension Array<UInt8> {
  fileprivate mutating func append(
    _ token: Bytes, replacing pattern: [UInt8], with content: [UInt8]
  ) {
    var done = 0
    token.forEachOccurrence(of: pattern) { start in
      append(contentsOf: token.slice(done, start))
      append(contentsOf: content)
      done = start + pattern.count
    }
    append(contentsOf: token.slice(done, token.count))
  }
}
