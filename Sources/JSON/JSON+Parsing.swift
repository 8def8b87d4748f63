import CJSONC
import Foundation

extension JSON {
  /// Nesting beyond this is refused, so that a hostile text cannot exhaust the stack.
  static let maximumDepth: Int32 = 512

  /// Parses one JSON text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, exactly one value with optional white space around it; a byte order mark in
  ///     front is passed over.
  ///   - source: the file's name, for errors.
  ///   - line: the line of `source` that `bytes` are, where each line is a value of its own.
  /// - Throws: ``JSONError/syntax(source:line:reason:)``.
  public init(
    parsing bytes: UnsafeBufferPointer<UInt8>, source: String = "", line: Int? = nil
  ) throws(JSONError) {
    if let rewritten = SurrogatePairs.written(out: bytes) {
      let parsed = rewritten.withUnsafeBufferPointer { bytes in
        Result { () throws(JSONError) in try JSON(parsing: bytes, source: source, line: line) }
      }
      self = try parsed.get()
      return
    }
    let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
    let bytes = isMarked ? UnsafeBufferPointer(rebasing: bytes.dropFirst(3)) : bytes
    guard bytes.count < Int(Int32.max) else {
      throw .syntax(source: source, line: line ?? 1, reason: "the text is larger than 2 GiB")
    }
    let tokener = json_tokener_new_ex(Self.maximumDepth)!
    defer { json_tokener_free(tokener) }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
    let start = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
    var root = json_tokener_parse_ex(tokener, start, Int32(bytes.count))
    var status = json_tokener_get_error(tokener)
    var end = Int(json_tokener_get_parse_end(tokener))
    if status == json_tokener_continue {
      // A top-level number or word ends only with a byte that cannot belong to it.
      root = json_tokener_parse_ex(tokener, " ", 1)
      status = json_tokener_get_error(tokener)
      end = bytes.count
    }
    guard status == json_tokener_success else {
      json_object_put(root)
      let before = bytes.prefix(end).count { $0 == UInt8(ascii: "\n") }
      let reason =
        status == json_tokener_continue
        ? "it ends too early" : String(cString: json_tokener_error_desc(status))
      throw .syntax(source: source, line: (line ?? 1) + before, reason: reason)
    }
    let place = line.map { "\(source):\($0): " } ?? "\(source): "
    self.init(
      document: JSONDocument(root: root), node: root, path: source.isEmpty ? "" : place)
    let rest = bytes.dropFirst(end)
    guard rest.allSatisfy({ $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) }) else {
      let before = bytes.prefix(end).count { $0 == UInt8(ascii: "\n") }
      throw .syntax(
        source: source, line: (line ?? 1) + before, reason: "there is text after the value")
    }
  }

  public init(parsing text: String, source: String = "") throws(JSONError) {
    var text = text
    let parsed = text.withUTF8 { utf8 in
      Result { () throws(JSONError) in try JSON(parsing: utf8, source: source) }
    }
    self = try parsed.get()
  }

  /// Reads and parses a file.
  public init(contentsOf file: URL) throws(JSONError) {
    let map = try FileBytes(of: file)
    let parsed = withExtendedLifetime(map) {
      Result { () throws(JSONError) in
        try JSON(parsing: map.bytes, source: file.lastPathComponent)
      }
    }
    self = try parsed.get()
  }
}

/// The bytes of a file, mapped into memory rather than read.
public final class FileBytes: @unchecked Sendable {
  public let bytes: UnsafeBufferPointer<UInt8>
  private let mapping: UnsafeMutableRawPointer?

  /// - Throws: ``JSONError/unreadable(file:reason:)``, with the system's reason.
  public init(of file: URL) throws(JSONError) {
    func failure() -> JSONError {
      .unreadable(file: file.path, reason: String(cString: strerror(errno)))
    }
    // Without a wait for somebody to write, where it is a named pipe.
    let descriptor = open(file.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unreadable(file: file.path, reason: "it is a folder")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(
        file: file.path, reason: "it is a pipe or a device; write its content to a file first")
    }
    guard status.st_size > 0 else {
      (mapping, bytes) = (nil, UnsafeBufferPointer(start: nil, count: 0))
      return
    }
    let count = Int(status.st_size)
    guard let map = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED
    else { throw failure() }
    mapping = map
    bytes = UnsafeBufferPointer(start: map.assumingMemoryBound(to: UInt8.self), count: count)
  }

  deinit { if let mapping { munmap(mapping, bytes.count) } }
}

/// The values of a JSON Lines file, one at a time, blank lines left out.
public struct JSONLines: Sequence {
  let file: FileBytes
  let name: String

  public init(of url: URL) throws(JSONError) {
    file = try FileBytes(of: url)
    name = url.lastPathComponent
  }

  /// Each element is the value or what is wrong with its line.
  public func makeIterator() -> AnyIterator<(line: Int, value: Result<JSON, JSONError>)> {
    let texts = texts
    return AnyIterator {
      texts.next().map { line, bytes in
        let value = Result { () throws(JSONError) in
          try JSON(parsing: bytes, source: name, line: line)
        }
        return (line, value)
      }
    }
  }

  /// The lines as they are written, not parsed; their bytes are valid while this value lives.
  public var texts: AnyIterator<(line: Int, bytes: UnsafeBufferPointer<UInt8>)> {
    var offset = 0
    var line = 0
    return AnyIterator {
      while offset < file.bytes.count {
        let rest = UnsafeBufferPointer(rebasing: file.bytes[offset...])
        let length = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
        offset += length + 1
        line += 1
        let bytes = UnsafeBufferPointer(rebasing: rest[..<length])
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
        return (line, bytes)
      }
      return nil
    }
  }
}
