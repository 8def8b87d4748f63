/// The merging of one piece: a linked list of symbols and a queue of the pairs that have a rank.
///
/// `n log n` in the number of symbols: Sennrich et al. 2016, "Neural Machine Translation of Rare
/// Words with Subword Units" (arXiv:1508.07909), section 3.2, with a binary heap.
struct MergeLoop {
  struct Symbol {
    var id: Int32
    /// The neighbours' places; -1 at the ends.
    var previous: Int32
    var next: Int32
    /// The merge with the next symbol; the rank says whether an entry of the queue is still true.
    var merge: MergeTable.Merge
  }

  private let symbols: UnsafeMutablePointer<Symbol>
  private let merges: MergeTable
  private var queue: MergeQueue

  /// Merges `symbols` until no pair of neighbours has a rank and appends the ids that remain.
  ///
  /// - Parameter symbols: at least one; their ids are set, the rest is filled in here.
  static func run(
    _ symbols: UnsafeMutableBufferPointer<Symbol>, merges: MergeTable, into ids: inout [Int32]
  ) {
    let base = symbols.baseAddress!
    let count = symbols.count
    // Each merge takes one entry and adds at most two, and there are at most count - 1 of them.
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * count) { entries in
      var loop = MergeLoop(
        symbols: base, merges: merges, queue: MergeQueue(entries: entries.baseAddress!))
      loop.link(count)
      while let (rank, position) = loop.queue.pop() {
        if base[position].merge.rank == rank { loop.mergeNext(at: position) }
      }
    }
    var position = 0
    while position >= 0 {
      ids.append(base[position].id)
      position = Int(base[position].next)
    }
  }

  private mutating func link(_ count: Int) {
    for position in 0..<count {
      symbols[position].previous = Int32(position - 1)
      symbols[position].next = position + 1 < count ? Int32(position + 1) : -1
      rate(position)
    }
  }

  /// Joins the symbol at `position` with the next one and rates the two pairs that it now is in.
  private mutating func mergeNext(at position: Int) {
    let next = Int(symbols[position].next)
    symbols[position].id = symbols[position].merge.id
    symbols[position].next = symbols[next].next
    symbols[next].merge = .none
    if symbols[next].next >= 0 { symbols[Int(symbols[next].next)].previous = Int32(position) }
    rate(position)
    if symbols[position].previous >= 0 { rate(Int(symbols[position].previous)) }
  }

  /// Looks up the merge of the symbol at `position` with its next one and queues it.
  private mutating func rate(_ position: Int) {
    let next = symbols[position].next
    guard next >= 0 else {
      symbols[position].merge = .none
      return
    }
    let merge = merges.merge(symbols[position].id, symbols[Int(next)].id)
    symbols[position].merge = merge
    if merge.rank != MergeTable.Merge.none.rank { queue.push(merge.rank, position) }
  }
}

/// A binary heap of (rank, position), the lowest rank first and on equal rank the leftmost.
private struct MergeQueue {
  private let entries: UnsafeMutablePointer<UInt64>
  private var count = 0

  init(entries: UnsafeMutablePointer<UInt64>) { self.entries = entries }

  mutating func push(_ rank: UInt32, _ position: Int) {
    let entry = UInt64(rank) << 32 | UInt64(UInt32(position))
    var hole = count
    count += 1
    while hole > 0 {
      let parent = (hole - 1) / 2
      if entries[parent] <= entry { break }
      entries[hole] = entries[parent]
      hole = parent
    }
    entries[hole] = entry
  }

  mutating func pop() -> (rank: UInt32, position: Int)? {
    guard count > 0 else { return nil }
    let top = entries[0]
    count -= 1
    let last = entries[count]
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < count else { break }
      if child + 1 < count, entries[child + 1] < entries[child] { child += 1 }
      if entries[child] >= last { break }
      entries[hole] = entries[child]
      hole = child
    }
    entries[hole] = last
    return (UInt32(top >> 32), Int(top & 0xFFFF_FFFF))
  }
}
