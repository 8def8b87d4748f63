/// The map between bytes and the characters that stand for them in byte-level vocabularies.
///
/// Bytes 33...126, 161...172 and 174...255 are the character of the same number; the other 68, in
/// increasing order, U+0100, U+0101 and so on, so that a space is `Ġ` and a line feed `Ċ`.
enum ByteDisplay {
  /// `[256]` the character of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      switch byte {
      case 33...126, 161...172, 174...255: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// `[324]` the byte of each character below U+0144, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that `tokens` display, end to end. A token with any other character in it, as added
  /// tokens may have, stands for its own text.
  static func bytes(of tokens: Fragments) -> [UInt8] {
    // No character takes fewer bytes than the one that it displays.
    [UInt8](unsafeUninitializedCapacity: tokens.bytes.count) { output, count in
      bytes.withUnsafeBufferPointer { table in
        tokens.forEach { token in
          let start = count
          var index = 0
          while index < token.count {
            let (value, length) = token.scalar(at: index)
            guard value < 0x144, table[Int(value)] >= 0 else {
              count = start
              for byte in token {
                output[count] = byte
                count += 1
              }
              return
            }
            output[count] = UInt8(truncatingIfNeeded: table[Int(value)])
            count += 1
            index += length
          }
        }
      }
    }
  }

  /// The bytes that `token` displays, or `nil` if it holds any other character.
  static func bytes(of token: String) -> [UInt8]? {
    var result: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard scalar.value < 0x144, bytes[Int(scalar.value)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar.value)]))
    }
    return result
  }

  /// `bytes` as display characters.
  static func display(_ bytes: Bytes) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes { result.append(scalar: scalars[Int(byte)]) }
    return result
  }
}
