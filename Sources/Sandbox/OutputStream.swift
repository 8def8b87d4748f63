import Glibc

/// The reading end of a pipe, of whose bytes a bounded part is kept.
struct OutputStream {
  /// Which part is kept where there is more than the limit.
  enum Part { case beginning, end }

  private var descriptor: Int32
  private let limit: Int
  private let part: Part
  private var bytes: [UInt8] = []
  /// Bytes of ``bytes`` that hold no line feed.
  private var searched = 0
  /// Read on beyond the limit and drop what comes. Otherwise the writer waits until lines are taken.
  var dropsRest = false
  private(set) var wasCut = false
  private(set) var isAtEnd = false

  init(_ descriptor: Int32, keeping limit: Int, of part: Part) {
    (self.descriptor, self.limit, self.part) = (descriptor, limit, part)
    dropsRest = part == .end
  }

  var kept: [UInt8] { part == .end ? Array(bytes.suffix(limit)) : bytes }

  /// The limit is used up, and there is no line to be taken.
  var isFull: Bool { !dropsRest && bytes.count >= limit }

  /// What poll should look at; -1 where there is nothing to wait for.
  var waitsOn: Int32 { isAtEnd || isFull ? -1 : descriptor }

  /// Takes in what is there, up to 64 KiB. False where there was nothing.
  @discardableResult
  mutating func read() -> Bool {
    guard !isAtEnd, !isFull else { return false }
    let room = dropsRest ? 1 << 16 : min(1 << 16, limit - bytes.count)
    let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      let result = Glibc.read(descriptor, buffer.baseAddress, room)
      isAtEnd = result == 0 || (result < 0 && errno != EAGAIN && errno != EINTR)
      count = max(result, 0)
    }
    switch part {
    case .beginning:
      bytes += chunk.prefix(limit - bytes.count)
      wasCut = wasCut || (dropsRest && chunk.count > 0 && bytes.count == limit)
    case .end:
      bytes += chunk
      guard bytes.count > limit else { break }
      wasCut = true
      if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
    }
    return !chunk.isEmpty
  }

  /// Takes in what is left of a program that has ended.
  mutating func drain() { while read() {} }

  mutating func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    (descriptor, isAtEnd) = (-1, true)
  }

  /// Takes the first whole line out of what is kept, without its line feed.
  mutating func takeLine() -> [UInt8]? {
    guard let feed = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = bytes.count
      return nil
    }
    let line = Array(bytes[..<feed])
    bytes.removeFirst(feed + 1)
    searched = 0
    return line
  }
}

/// A point in time on a clock that nobody sets.
struct Deadline: Comparable {
  private let instant: ContinuousClock.Instant?

  /// - Parameter seconds: from now; `nil` for never.
  init(in seconds: Double?) {
    instant = seconds.map { ContinuousClock.now + .seconds($0) }
  }

  var isPast: Bool { instant.map { $0 <= .now } ?? false }

  /// How long to poll: -1 for ever.
  var milliseconds: Int32 {
    guard let instant else { return -1 }
    let left = ContinuousClock.now.duration(to: instant) / .milliseconds(1)
    return Int32(min(max(left.rounded(.up), 0), 1e9))
  }

  static func < (a: Deadline, b: Deadline) -> Bool {
    guard let first = a.instant else { return false }
    return b.instant.map { first < $0 } ?? true
  }
}
