import Synchronization

/// The ids of pieces seen before. Text repeats its words, and looking one up costs a fraction of
/// merging it again.
///
/// Bounded: when it is full it is emptied. One thread at a time; see ``PieceCaches``.
final class PieceCache {
  private struct Slot {
    var hash: UInt64
    var key: UInt32
    var ids: UInt32
    var keyCount: UInt16
    /// 0 where the slot is free: no piece is without ids in the cache.
    var idCount: UInt16
  }

  private static let capacity = 1 << 16
  private static let keyBytes = 1 << 20
  private static let idSlots = 1 << 18
  /// Longer pieces are rare and rarely repeat.
  static let longestPiece = 96

  private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: PieceCache.capacity)
  private let keys = UnsafeMutablePointer<UInt8>.allocate(capacity: PieceCache.keyBytes)
  private let ids = UnsafeMutablePointer<Int32>.allocate(capacity: PieceCache.idSlots)
  private var (used, keysUsed, idsUsed) = (0, 0, 0)

  init() { clear() }

  deinit {
    slots.deallocate()
    keys.deallocate()
    ids.deallocate()
  }

  private func clear() {
    slots.update(
      repeating: Slot(hash: 0, key: 0, ids: 0, keyCount: 0, idCount: 0), count: Self.capacity)
    (used, keysUsed, idsUsed) = (0, 0, 0)
  }

  /// Appends the ids of `piece`, as `encode` appended them when the piece was first seen.
  @inline(__always)
  func append(_ piece: Bytes, to output: inout [Int32], _ encode: (inout [Int32]) -> Void) {
    guard piece.count <= Self.longestPiece else {
      encode(&output)
      return
    }
    let hash = piece.hash
    var slot = Int(truncatingIfNeeded: hash) & (Self.capacity - 1)
    while slots[slot].idCount > 0 {
      if slots[slot].hash == hash, key(of: slots[slot]).equals(piece) {
        let found = slots[slot]
        for index in 0..<Int(found.idCount) { output.append(ids[Int(found.ids) + index]) }
        return
      }
      slot = (slot + 1) & (Self.capacity - 1)
    }
    let start = output.count
    encode(&output)
    remember(piece, hash, output, from: start, slot)
  }

  private func key(of slot: Slot) -> Bytes {
    Bytes(start: keys + Int(slot.key), count: Int(slot.keyCount))
  }

  private func remember(
    _ piece: Bytes, _ hash: UInt64, _ output: [Int32], from start: Int, _ slot: Int
  ) {
    let count = output.count - start
    guard count > 0, count <= Self.longestPiece else { return }
    guard used < Self.capacity / 2, keysUsed + piece.count <= Self.keyBytes,
      idsUsed + count <= Self.idSlots
    else {
      clear()
      return
    }
    slots[slot] = Slot(
      hash: hash, key: UInt32(keysUsed), ids: UInt32(idsUsed), keyCount: UInt16(piece.count),
      idCount: UInt16(count))
    (keys + keysUsed).update(from: piece.baseAddress!, count: piece.count)
    for index in 0..<count { ids[idsUsed + index] = output[start + index] }
    used += 1
    keysUsed += piece.count
    idsUsed += count
  }
}

/// Hands every encoding its own cache, and keeps them for the next.
final class PieceCaches: Sendable {
  private let idle = Mutex<[Box]>([])

  /// A cache is used by one encoding at a time, whichever thread that runs on.
  private struct Box: @unchecked Sendable { let cache: PieceCache }

  func withCache<Result>(_ body: (PieceCache) -> Result) -> Result {
    let box = idle.withLock { $0.popLast() } ?? Box(cache: PieceCache())
    defer { idle.withLock { $0.append(box) } }
    return body(box.cache)
  }
}
