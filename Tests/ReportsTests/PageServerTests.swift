import Foundation
import Synchronization
import Testing

@testable import Reports

/// A server under way, and its clients.
private final class Served: Sendable {
  let server: PageServer
  private let isStopped = Atomic<Bool>(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ page: String = "<main>page</main>") throws {
    server = try PageServer(port: 0, stamp: { "stamp" }, render: { page })
    Thread.detachNewThread { [self] in
      server.run { isStopped.load(ordering: .relaxed) }
      ended.signal()
    }
  }

  func stop() {
    isStopped.store(true, ordering: .relaxed)
    ended.wait()
  }

  func connect() -> Int32 {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = server.port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return status == 0 ? client : -1
  }

  /// Everything that comes back for `request`.
  func answer(_ request: String) -> String {
    let client = connect()
    defer { close(client) }
    let bytes = Array(request.utf8)
    _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(client, &piece, piece.count, 0)
      guard count > 0 else { break }
      text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }

  func status(_ request: String) -> String {
    String(answer(request).dropFirst("HTTP/1.1 ".count).prefix(3))
  }
}

@Test func thePageAndItsStampAreServed() throws {
  let served = try Served()
  defer { served.stop() }
  let page = served.answer("GET /?x=1 HTTP/1.1\r\nHost: 127.0.0.1:\(served.server.port)\r\n\r\n")
  #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n") && page.hasSuffix("\r\n\r\n<main>page</main>"))
  #expect(page.contains("Content-Length: 17\r\n") && page.contains("text/html"))
  #expect(served.answer("GET /stamp HTTP/1.1\r\nHost: localhost\r\n\r\n").hasSuffix("stamp"))
  let head = served.answer("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
  #expect(head.contains("Content-Length: 17") && head.hasSuffix("\r\n\r\n"))
}

@Test func badRequestsAreRefusedAndTheNextIsServed() throws {
  let served = try Served()
  defer { served.stop() }
  #expect(served.status("GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n") == "404")
  #expect(
    served.status("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc") == "405")
  #expect(served.status("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n") == "421")
  #expect(served.status("GET / HTTP/2\r\n\r\n") == "505")
  #expect(served.status("hello\r\n\r\n") == "400")
  #expect(served.status("GET / HTTP/1.1\r\nno colon\r\n\r\n") == "400")
  #expect(served.status("\r\n\r\n") == "400")
  #expect(served.status("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 20_000)) == "431")
  #expect(served.status("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == "200")
}

@Test func aClientThatSaysNothingHoldsNobodyUp() throws {
  let served = try Served()
  defer { served.stop() }
  let silent = (0..<8).map { _ in served.connect() }
  defer { for client in silent { close(client) } }
  let start = Date()
  #expect(served.status("GET / HTTP/1.0\r\n\r\n") == "200")
  #expect(Date().timeIntervalSince(start) < 3)
}

@Test func onlyThisMachineIsListenedTo() throws {
  let served = try Served()
  defer { served.stop() }
  let sockets = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
  let port = String(format: ":%04X", served.server.port)
  let listening = sockets.split(separator: "\n").filter { $0.contains(port + " 00000000:0000 0A") }
  #expect(listening.count == 1 && listening[0].contains("0100007F" + port))
}

@Test func aPortThatIsTakenIsNamed() throws {
  let served = try Served()
  defer { served.stop() }
  #expect {
    try PageServer(port: served.server.port, stamp: { "" }, render: { "" })
  } throws: { "\($0)".contains("port \(served.server.port) on 127.0.0.1") }
}
