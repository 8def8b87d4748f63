/// A token that is looked for in the text before anything else cuts it.
struct AddedToken: Sendable, Equatable {
  var id: Int32
  var content: String
  /// Only matched where no letter, digit or underscore adjoins it.
  var singleWord = false
  /// Swallows the white space to its left, to its right.
  var lstrip = false
  var rstrip = false
  /// Looked for in the normalised text, with its own content normalised.
  var normalized = false
  /// Not text: it may be left out of decoded text, and of what a quoted text may hold.
  var special = false
}

/// Finds added tokens in text: leftmost first, the longest at one place, none overlapping.
struct AddedTokenMatcher: Sendable {
  private let tokens: [AddedToken]
  /// A trie: the node after `node << 8 | byte`. The root is 0.
  private var edges: [Int: Int32] = [:]
  /// The token that ends at each node, or -1.
  private var ends: [Int32] = [-1]
  /// `[256]` whether any token begins with the byte.
  private var begins = [Bool](repeating: false, count: 256)

  enum Stretch {
    case token(Int32)
    /// Text between tokens, never empty.
    case text(start: Int, end: Int)
  }

  /// - Parameter contents: the bytes to look for, one for each of `tokens`; empty ones never match.
  init(_ tokens: [AddedToken], contents: [[UInt8]]) {
    self.tokens = tokens
    for (index, content) in contents.enumerated() where !content.isEmpty {
      begins[Int(content[0])] = true
      var node = 0
      for byte in content { node = child(of: node, byte) }
      ends[node] = Int32(index)
    }
  }

  private mutating func child(of node: Int, _ byte: UInt8) -> Int {
    if let next = edges[node << 8 | Int(byte)] { return Int(next) }
    ends.append(-1)
    edges[node << 8 | Int(byte)] = Int32(ends.count - 1)
    return ends.count - 1
  }

  /// Cuts `text` into added tokens and the stretches between them.
  ///
  /// - Parameter parseSpecial: false leaves the tokens flagged special as the text that they are.
  func forEachStretch(in text: Bytes, parseSpecial: Bool, _ body: (Stretch) -> Void) {
    var done = 0
    var index = edges.isEmpty ? text.count : 0
    while index < text.count {
      guard begins[Int(text[index])], let match = longestMatch(in: text, at: index) else {
        index += 1
        continue
      }
      let (start, end) = (index, match.end)
      index = end
      let token = tokens[match.token]
      if token.special && !parseSpecial { continue }
      if token.singleWord && Self.adjoinsWord(text, start, end) { continue }
      let from = token.lstrip ? max(text.startOfSpace(endingAt: start), done) : start
      if from > done { body(.text(start: done, end: from)) }
      body(.token(token.id))
      done = token.rstrip ? text.endOfSpace(from: end) : end
    }
    if done < text.count { body(.text(start: done, end: text.count)) }
  }

  private func longestMatch(in text: Bytes, at start: Int) -> (token: Int, end: Int)? {
    var (node, index) = (0, start)
    var best: (token: Int, end: Int)?
    while index < text.count, let next = edges[node << 8 | Int(text[index])] {
      node = Int(next)
      index += 1
      if ends[node] >= 0 { best = (Int(ends[node]), index) }
    }
    return best
  }

  private static func adjoinsWord(_ text: Bytes, _ start: Int, _ end: Int) -> Bool {
    func isWord(at index: Int) -> Bool {
      Unicode.Scalar(text.scalar(at: index).value)?.isWordCharacter ?? false
    }
    return start > 0 && isWord(at: text.start(ofCharacterEndingAt: start))
      || end < text.count && isWord(at: end)
  }
}

/// The added tokens of a tokenizer, by the text they are looked for in.
struct AddedTokens: Sendable {
  /// Looked for in the raw text, and in the normalised text.
  let raw: AddedTokenMatcher
  let normalized: AddedTokenMatcher
  let all: [AddedToken]
  private let specials: Set<Int32>

  init(_ tokens: [AddedToken], normalizer: Normalizer? = nil) {
    all = tokens
    let (later, first) = (tokens.filter(\.normalized), tokens.filter { !$0.normalized })
    raw = AddedTokenMatcher(first, contents: first.map { Array($0.content.utf8) })
    normalized = AddedTokenMatcher(
      later,
      contents: later.map { token in
        var content = Array(token.content.utf8)
        normalizer?.apply(to: &content)
        return content
      })
    specials = Set(tokens.filter(\.special).map(\.id))
  }

  func isSpecial(_ id: Int32) -> Bool { specials.contains(id) }
}
