import Foundation

/// Threads for work that mostly waits: begun as work comes in, up to a number; ended with this
/// object, each after what it is at.
public final class WorkThreads: Sendable {
  private let queue: Queue

  public init(count: Int) {
    precondition(count > 0, "\(count) threads")
    queue = Queue(limit: count)
  }

  deinit { queue.close() }

  /// Has a thread do `work`, after what came before it.
  public func add(_ work: @escaping @Sendable () -> Void) {
    guard queue.add(work) else { return }
    Thread.detachNewThread { [queue] in while let work = queue.next() { work() } }
  }

  /// Outlives the object until the last thread is done.
  private final class Queue: @unchecked Sendable {  // under its lock
    private let condition = NSCondition()
    private let limit: Int
    private var work: [@Sendable () -> Void] = []
    private var threads = 0
    private var idle = 0
    private var isClosed = false

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether a further thread is to serve the queue.
    func add(_ item: @escaping @Sendable () -> Void) -> Bool {
      condition.withLock {
        work.append(item)
        condition.signal()
        guard idle < work.count, threads < limit else { return false }
        threads += 1
        return true
      }
    }

    func next() -> (@Sendable () -> Void)? {
      condition.withLock {
        idle += 1
        while work.isEmpty, !isClosed { condition.wait() }
        idle -= 1
        return isClosed ? nil : work.removeFirst()
      }
    }

    func close() {
      condition.withLock {
        isClosed = true
        condition.broadcast()
      }
    }
  }
}
