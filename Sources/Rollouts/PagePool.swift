import Kernels

/// Hands out pages of keys and values, and counts who holds them: the pages of a prompt are held
/// by every completion of its group.
struct PagePool {
  private var holders: [Int32]
  private var free: [Int32]

  init(count: Int) {
    holders = Array(repeating: 0, count: count)
    free = (0..<Int32(count)).reversed()
  }

  var available: Int { free.count }

  /// A page with one holder. Whoever admits a sequence has reserved its pages.
  mutating func take() -> Int32 {
    guard let page = free.popLast() else {
      preconditionFailure("all \(holders.count) pages are held")
    }
    holders[Int(page)] = 1
    return page
  }

  /// One more holder of each.
  mutating func share(_ pages: some Sequence<Int32>) {
    for page in pages { holders[Int(page)] += 1 }
  }

  /// One holder of each less; a page without holders is free again.
  mutating func release(_ pages: some Sequence<Int32>) {
    for page in pages {
      holders[Int(page)] -= 1
      if holders[Int(page)] == 0 { free.append(page) }
    }
  }

  static func pages(forKeys keys: Int) -> Int {
    (keys + KeyValuePages.pageSize - 1) / KeyValuePages.pageSize
  }
}
