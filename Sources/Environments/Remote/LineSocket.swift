import Foundation
import JSON

/// A socket that carries a JSON object a line. One thread reads; many may write.
final class LineSocket: @unchecked Sendable {  // writes under the lock, reads by one thread
  private let descriptor: Int32
  private let lock = NSLock()
  private var buffer: [UInt8] = []
  /// Bytes of ``buffer`` that hold no line feed.
  private var searched = 0

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// - Returns: false where nobody reads any more.
  @discardableResult
  func send(_ line: JSONLiteral) -> Bool {
    let bytes = Array((line.serialized() + "\n").utf8)
    return lock.withLock {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// The next line without its end; `nil` where the other side has closed.
  func nextLine() -> String? {
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeFirst(end + 1)
        searched = 0
        return line
      }
      searched = buffer.count
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      buffer += chunk[..<count]
    }
  }
}
