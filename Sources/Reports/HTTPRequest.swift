/// The head of a request in HTTP/1.1, as far as a server of one page has to know it.
struct HTTPRequest: Equatable {
  let method: String
  /// Without its query.
  let path: String
  let host: String

  /// A head longer than this is refused.
  static let longestHead = 8192

  enum Failure: Error, Equatable {
    case malformed, tooLong, otherVersion
  }

  /// - Parameter head: everything up to the empty line.
  init(head: [UInt8]) throws(Failure) {
    guard head.count <= Self.longestHead else { throw .tooLong }
    guard let text = String(validating: head, as: UTF8.self) else { throw .malformed }
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }
    let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[1].hasPrefix("/"),
      !words[0].isEmpty, words[0].allSatisfy({ $0.isASCII && $0.isUppercase })
    else { throw .malformed }
    guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else { throw .otherVersion }
    method = String(words[0])
    path = String(words[1].prefix { $0 != "?" && $0 != "#" })
    var host = ""
    for line in lines.dropFirst() where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { throw .malformed }
      if line[..<colon].lowercased() == "host" {
        host = line[line.index(after: colon)...].trimmed.lowercased()
      }
    }
    self.host = host
  }

  /// Whether it was sent to this machine by a name of its own. A page from elsewhere whose name was
  /// made to point here has another one.
  var isLocal: Bool {
    let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
    return ["", "localhost", "127.0.0.1", "[::1]"].contains(name)
  }
}

/// What is sent back.
struct HTTPResponse {
  let status: String
  var type = "text/plain; charset=utf-8"
  let body: [UInt8]

  init(_ status: String, type: String = "text/plain; charset=utf-8", _ body: String = "") {
    (self.status, self.type) = (status, type)
    self.body = Array((body.isEmpty ? status + "\n" : body).utf8)
  }

  /// - Parameter isHead: leave the body out, as a `HEAD` asks.
  func bytes(isHead: Bool) -> [UInt8] {
    let head = """
      HTTP/1.1 \(status)\r
      Content-Type: \(type)\r
      Content-Length: \(body.count)\r
      Cache-Control: no-store\r
      X-Content-Type-Options: nosniff\r
      Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
      script-src 'unsafe-inline'; connect-src 'self'\r
      Connection: close\r
      \r\n
      """
    return Array(head.utf8) + (isHead ? [] : body)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
