import Foundation
import Synchronization

/// Serves one page on this machine alone, anew whenever what it shows has changed.
///
/// HTTP/1.1, a connection a request. `/` is the page, `/stamp` a text that changes with it, which
/// the page's script asks for every few seconds. A client that sends nothing, or nonsense, is
/// refused within seconds and holds up nobody.
public final class PageServer: Sendable {
  /// Changes whenever the page would.
  public typealias Stamp = @Sendable () -> String
  /// Makes the page.
  public typealias Render = @Sendable () throws -> String

  public let port: UInt16
  private let listener: Int32
  private let stamp: Stamp
  private let render: Render
  private let kept = Mutex<(stamp: String, page: String)?>(nil)
  private let busy = Atomic<Int>(0)

  /// Connections at a time; a further one is told to come again.
  private static let mostConnections = 16
  /// Seconds in which a request has to be there and an answer taken.
  private static let patience = 5.0

  /// Begins to listen on 127.0.0.1.
  ///
  /// - Parameter port: 0 for one that is free.
  /// - Throws: ``ServerError``.
  public init(
    port: UInt16, stamp: @escaping Stamp, render: @escaping Render
  ) throws(ServerError) {
    (self.stamp, self.render) = (stamp, render)
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw ServerError(port) }
    _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, $0, &size) == 0
      }
    }
    guard isBound else {
      let error = ServerError(port)
      close(listener)
      throw error
    }
    self.listener = listener
    self.port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(listener) }

  /// Answers requests until `isStopped`, which is asked several times a second.
  public func run(until isStopped: () -> Bool) {
    while !isStopped() {
      var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 200) > 0 else { continue }
      let client = accept(listener, nil, nil)
      guard client >= 0 else { continue }
      _ = fcntl(client, F_SETFD, FD_CLOEXEC)
      guard busy.add(1, ordering: .relaxed).newValue <= Self.mostConnections else {
        busy.subtract(1, ordering: .relaxed)
        Connection(client, Self.patience).send(HTTPResponse("503 Service Unavailable"))
        continue
      }
      Thread.detachNewThread { [self] in
        answer(Connection(client, Self.patience))
        busy.subtract(1, ordering: .relaxed)
      }
    }
  }

  private func answer(_ connection: Connection) {
    do throws(HTTPRequest.Failure) {
      guard let head = connection.readHead() else { return }
      let request = try HTTPRequest(head: head)
      connection.send(response(to: request), isHead: request.method == "HEAD")
    } catch .tooLong {
      connection.send(HTTPResponse("431 Request Header Fields Too Large"))
    } catch .otherVersion {
      connection.send(HTTPResponse("505 HTTP Version Not Supported"))
    } catch {
      connection.send(HTTPResponse("400 Bad Request"))
    }
  }

  func response(to request: HTTPRequest) -> HTTPResponse {
    guard request.isLocal else { return HTTPResponse("421 Misdirected Request") }
    guard ["GET", "HEAD"].contains(request.method) else {
      return HTTPResponse("405 Method Not Allowed")
    }
    switch request.path {
    case "/stamp": return HTTPResponse("200 OK", stamp())
    case "/":
      do {
        return HTTPResponse("200 OK", type: "text/html; charset=utf-8", try page())
      } catch {
        return HTTPResponse("500 Internal Server Error", "\(error)\n")
      }
    default: return HTTPResponse("404 Not Found")
    }
  }

  /// The page as it stands; made once for all who ask between two changes.
  private func page() throws -> String {
    try kept.withLock { kept in
      let stamp = stamp()
      if let kept, kept.stamp == stamp { return kept.page }
      let page = try render()
      kept = (stamp, page)
      return page
    }
  }

  /// What a page has for a script: asks whether there is something new, and puts it in the place
  /// of the page's `main` as the reader has it, what is open and chosen included.
  public static let script = """
    let shown;
    async function follow() {
      try {
        const stamp = await (await fetch("/stamp")).text();
        if (shown !== undefined && stamp !== shown) {
          const next = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
          const main = next.querySelector("main");
          for (const d of document.querySelectorAll("main details[id]")) {
            const same = main.querySelector("#" + CSS.escape(d.id));
            if (same) same.open = d.open;
          }
          const chosen = document.querySelector("main input:checked");
          const choice = chosen && main.querySelector("#" + CSS.escape(chosen.id));
          if (choice) choice.checked = true;
          const y = scrollY;
          document.querySelector("main").replaceWith(document.adoptNode(main));
          scrollTo(0, y);
        }
        shown = stamp;
        document.body.classList.remove("lost");
      } catch { document.body.classList.add("lost"); }
      setTimeout(follow, 3000);
    }
    follow();
    """
}

/// A client's socket, closed with this value.
private final class Connection: Sendable {
  private let socket: Int32
  private let patience: Double

  init(_ socket: Int32, _ patience: Double) {
    (self.socket, self.patience) = (socket, patience)
    var time = timeval(tv_sec: 1, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, size)
  }

  deinit { close(socket) }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  /// Everything up to the empty line, or more than a request may have; `nil` where none came.
  func readHead() -> [UInt8]? {
    var head: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 2048)
    let deadline = Self.now + patience
    while Self.now < deadline, head.count <= HTTPRequest.longestHead {
      let count = recv(socket, &piece, piece.count, 0)
      if count < 0, [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) { continue }
      guard count > 0 else { return nil }
      head += piece[..<count]
      if let end = head.endOfHead { return Array(head[..<end]) }
    }
    return head.count > HTTPRequest.longestHead ? head : nil
  }

  func send(_ response: HTTPResponse, isHead: Bool = false) {
    let bytes = response.bytes(isHead: isHead)
    let deadline = Self.now + patience
    var sent = 0
    while sent < bytes.count, Self.now < deadline {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) { continue }
      guard count > 0 else { return }
      sent += count
    }
    shutdown(socket, Int32(SHUT_WR))
    // What the client still sends would else turn the answer into a reset.
    var rest = [UInt8](repeating: 0, count: 4096)
    while Self.now < deadline, recv(socket, &rest, rest.count, 0) > 0 {}
  }
}

extension [UInt8] {
  /// Where the head of a request ends, the empty line left out.
  fileprivate var endOfHead: Int? {
    for index in indices where self[index] == UInt8(ascii: "\n") {
      let next = self[(index + 1)...].prefix(2)
      if next.first == UInt8(ascii: "\n") || next.elementsEqual([0x0D, 0x0A]) {
        return index > 0 && self[index - 1] == 0x0D ? index - 1 : index
      }
    }
    return nil
  }
}

/// Why nothing can be served.
public struct ServerError: Error, CustomStringConvertible {
  public let description: String

  /// With the system's reason for the call that has just failed.
  init(_ port: UInt16) {
    let reason = String(cString: strerror(errno))
    description = "port \(port) on 127.0.0.1 cannot be listened on: \(reason); name another port"
  }
}
