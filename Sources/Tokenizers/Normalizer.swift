/// The stage that rewrites a stretch of text before it is cut.
indirect enum Normalizer: Sendable {
  case sequence([Normalizer])
  case nfc
  case nfd
  case lowercase
  case stripAccents
  case prepend([UInt8])
  case replace(pattern: [UInt8], content: [UInt8])
  case strip(left: Bool, right: Bool)

  /// Normalises a stretch in place.
  func apply(to text: inout [UInt8]) {
    switch self {
    case .sequence(let normalizers):
      for normalizer in normalizers { normalizer.apply(to: &text) }
    case .nfc:
      let form = text.withUnsafeBufferPointer { CanonicalForm.shared.composed($0) }
      if let form { text = form }
    case .nfd:
      text = text.withUnsafeBufferPointer { CanonicalForm.shared.decomposed($0) }
    case .lowercase:
      Self.rewrite(&text) { scalar, output in
        output.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      }
    case .stripAccents:
      Self.rewrite(&text) { scalar, output in
        if scalar.properties.generalCategory != .nonspacingMark {
          output.append(scalar: scalar.value)
        }
      }
    case .prepend(let prefix):
      if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
    case .replace(let pattern, let content):
      text.replaceOccurrences(of: pattern, with: content)
    case .strip(let left, let right):
      let (start, end) = text.withUnsafeBufferPointer { bytes in
        let start = left ? bytes.endOfSpace(from: 0) : 0
        return (start, right ? max(start, bytes.startOfSpace(endingAt: bytes.count)) : bytes.count)
      }
      text = Array(text[start..<end])
    }
  }

  private static func rewrite(
    _ text: inout [UInt8], _ body: (Unicode.Scalar, inout [UInt8]) -> Void
  ) {
    var output: [UInt8] = []
    text.withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        let (value, length) = bytes.scalar(at: index)
        body(Unicode.Scalar(value)!, &output)
        index += length
      }
    }
    text = output
  }
}

extension Array<UInt8> {
  /// Replaces every occurrence of a literal, left to right.
  mutating func replaceOccurrences(of pattern: [UInt8], with content: [UInt8]) {
    var output: [UInt8] = []
    var done = 0
    withUnsafeBufferPointer { bytes in
      bytes.forEachOccurrence(of: pattern) { start in
        output.append(contentsOf: bytes.slice(done, start))
        output.append(contentsOf: content)
        done = start + pattern.count
      }
      if done > 0 { output.append(contentsOf: bytes.slice(done, bytes.count)) }
    }
    if done > 0 { self = output }
  }
}
