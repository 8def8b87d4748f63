import CHashes
import Foundation
import JSON

/// A SHA-256 checksum in the making (FIPS 180-4).
public struct SHA256: Sendable {
  private var state = th_sha256()

  public init() { th_sha256_begin(&state) }

  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    th_sha256_append(&state, bytes.baseAddress, bytes.count)
  }

  /// The checksum of all bytes so far, as 64 lower-case hexadecimal digits.
  public var hexadecimal: String {
    var copy = state
    var digest = [UInt8](repeating: 0, count: 32)
    th_sha256_finish(&copy, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The checksum of a file's bytes.
  /// - Throws: ``JSONError/unreadable(file:reason:)`` with the system's reason.
  public static func hexadecimal(of file: URL) throws(JSONError) -> String {
    let map = try FileBytes(of: file)
    var sum = SHA256()
    sum.append(UnsafeRawBufferPointer(map.bytes))
    return sum.hexadecimal
  }

  public static func hexadecimal(of text: String) -> String {
    var text = text
    return text.withUTF8 { utf8 in
      var sum = SHA256()
      sum.append(UnsafeRawBufferPointer(utf8))
      return sum.hexadecimal
    }
  }
}
