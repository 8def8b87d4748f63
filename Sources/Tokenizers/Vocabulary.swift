/// Token strings by id, and ids by token string, compared byte by byte.
struct Vocabulary: Sendable {
  private var text: [UInt8] = []
  /// Where the token of each id lies in `text`; a negative start where there is none.
  private var spans: [(start: Int32, count: Int32)] = []
  /// Open addressing with linear probing; the count is a power of two.
  private var slots: [Slot]
  private(set) var tokens = 0

  private struct Slot {
    /// -1 where the slot is free.
    var id: Int32
    /// The upper half of the hash, so that few strings need comparing.
    var tag: UInt32
  }

  /// - Parameter capacity: how many tokens there will be, about.
  init(capacity: Int) {
    slots = Self.freeSlots(max(16, (2 * capacity).roundedUpToPowerOfTwo))
    spans.reserveCapacity(capacity)
  }

  private static func freeSlots(_ count: Int) -> [Slot] {
    Array(repeating: Slot(id: -1, tag: 0), count: count)
  }

  /// The largest id plus one.
  var size: Int { spans.count }

  /// Adds a token; a string that is there already gets the new id.
  mutating func insert(_ token: Bytes, id: Int32) {
    precondition(id >= 0, "token id \(id) is negative")
    if 4 * tokens >= 3 * slots.count { grow() }
    while spans.count <= Int(id) { spans.append((-1, 0)) }
    spans[Int(id)] = (Int32(text.count), Int32(token.count))
    text.append(contentsOf: token)
    let hash = token.hash
    let slot = slot(of: token, hash)
    if slots[slot].id < 0 { tokens += 1 }
    slots[slot] = Slot(id: id, tag: UInt32(hash >> 32))
  }

  mutating func insert(_ token: String, id: Int32) {
    var token = token
    token.withUTF8 { insert($0, id: id) }
  }

  private mutating func grow() {
    let old = slots
    slots = Self.freeSlots(2 * old.count)
    for entry in old where entry.id >= 0 {
      let hash = withToken(entry.id) { $0.hash }!
      let free = withToken(entry.id) { self.slot(of: $0, hash) }!
      slots[free] = Slot(id: entry.id, tag: UInt32(hash >> 32))
    }
  }

  func id(of token: Bytes) -> Int32? {
    let id = slots[slot(of: token, token.hash)].id
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
  private func slot(of token: Bytes, _ hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot].id >= 0 {
      let same = slots[slot].tag == UInt32(hash >> 32)
      if same, withToken(slots[slot].id, { $0.equals(token) })! { break }
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
