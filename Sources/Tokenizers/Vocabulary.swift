/// Token strings by id, and ids by token string, compared byte by byte.
struct Vocabulary: Sendable {
  private var text: [UInt8] = []
  /// Where the token of each id lies in `text`; a negative start where there is none.
  private var spans: [(start: Int32, count: Int32)] = []
  /// Open addressing with linear probing: ids, or -1 where free. The count is a power of two.
  private var slots: [Int32]
  private(set) var tokens = 0

  /// - Parameter capacity: how many tokens there will be, at most.
  init(capacity: Int) {
    slots = Array(repeating: -1, count: max(16, (2 * capacity).roundedUpToPowerOfTwo))
    spans.reserveCapacity(capacity)
  }

  /// The largest id plus one.
  var size: Int { spans.count }

  /// Adds a token; a string that is there already gets the new id.
  mutating func insert(_ token: Bytes, id: Int32) {
    precondition(id >= 0 && 2 * tokens < slots.count, "token \(id) does not fit the vocabulary")
    while spans.count <= Int(id) { spans.append((-1, 0)) }
    spans[Int(id)] = (Int32(text.count), Int32(token.count))
    text.append(contentsOf: token)
    let slot = slot(of: token)
    if slots[slot] < 0 { tokens += 1 }
    slots[slot] = id
  }

  func id(of token: Bytes) -> Int32? {
    let id = slots[slot(of: token)]
    return id < 0 ? nil : id
  }

  func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { id(of: $0) }
  }

  /// Calls `body` with the bytes of a token, or returns `nil` where no token has that id.
  @inline(__always)
  func withToken<Result>(_ id: Int32, _ body: (Bytes) -> Result) -> Result? {
    guard id >= 0, Int(id) < spans.count else { return nil }
    let (start, count) = spans[Int(id)]
    guard start >= 0 else { return nil }
    return text.withUnsafeBufferPointer { body($0.slice(Int(start), Int(start + count))) }
  }

  func token(_ id: Int32) -> String? {
    withToken(id) { String(decoding: $0, as: UTF8.self) }
  }

  /// The slot that holds `token`, or the free one where it belongs.
  private func slot(of token: Bytes) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: token.hash) & mask
    while slots[slot] >= 0, withToken(slots[slot], { !$0.equals(token) })! {
      slot = (slot + 1) & mask
    }
    return slot
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// A hash of the bytes, eight at a time; the same in every process.
  var hash: UInt64 {
    let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
    var hash = UInt64(truncatingIfNeeded: count) &* prime
    let raw = UnsafeRawPointer(baseAddress)
    var index = 0
    while index + 8 <= count {
      hash = (hash ^ raw!.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* prime
      hash ^= hash >> 32
      index += 8
    }
    var rest: UInt64 = 0
    while index < count {
      rest = rest << 8 | UInt64(self[index])
      index += 1
    }
    hash = (hash ^ rest) &* prime
    return hash ^ hash >> 29
  }

  @inline(__always)
  func equals(_ other: Bytes) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where self[index] != other[index] { return false }
    return true
  }
}

extension Int {
  var roundedUpToPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
