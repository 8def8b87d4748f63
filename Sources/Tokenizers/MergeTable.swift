/// The merges of a byte-pair encoding: for a pair of neighbouring ids, its rank and the merged id.
///
/// One hash table with linear probing, written once, then only read; a class so that the hot loop
/// reads through plain pointers.
final class MergeTable: @unchecked Sendable {
  struct Merge {
    /// The place in the list of merges; the lowest is applied first.
    var rank: UInt32
    var id: Int32
    /// The answer for a pair that does not merge; its rank is above all others.
    static let none = Merge(rank: .max, id: -1)
  }

  private struct Slot {
    var pair: UInt64
    var merge: Merge
  }

  private let slots: UnsafeMutablePointer<Slot>
  private let mask: Int
  private var count = 0
  private static let free = UInt64.max  // no pair: ids are not negative

  /// - Parameter capacity: how many merges there will be, at most.
  init(capacity: Int) {
    let size = max(16, (capacity + capacity / 2).roundedUpToPowerOfTwo)
    slots = .allocate(capacity: size)
    slots.initialize(repeating: Slot(pair: Self.free, merge: .none), count: size)
    mask = size - 1
  }

  deinit { slots.deallocate() }

  /// Adds a merge; a pair that is there already takes the new rank.
  func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    precondition(count < mask, "more merges than the table has room for")
    let slot = slot(of: Self.pair(left, right))
    if slots[slot].pair == Self.free { count += 1 }
    slots[slot] = Slot(pair: Self.pair(left, right), merge: merge)
  }

  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge {
    slots[slot(of: Self.pair(left, right))].merge
  }

  @inline(__always)
  private func slot(of pair: UInt64) -> Int {
    let hash = pair &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: hash >> 32) & mask
    while slots[slot].pair != pair, slots[slot].pair != Self.free { slot = (slot + 1) & mask }
    return slot
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
