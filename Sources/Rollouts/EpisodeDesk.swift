import Foundation

/// Where turns are handed in and answers are picked up: threads ask the environment beside the
/// sampling, so that no sequence waits for another's.
final class EpisodeDesk {
  private let shared = Shared()
  /// Not begun while there is no work for them.
  private var idleThreads: Int

  init(workers: Int) { idleThreads = workers }

  deinit { shared.close() }

  /// Asks for the answer to a turn.
  ///
  /// - Parameter ticket: comes back with the answer.
  func ask(_ ticket: Int, _ work: @escaping @Sendable () -> TurnAnswer) {
    if shared.add({ (ticket, work()) }), idleThreads > 0 {
      idleThreads -= 1
      Thread.detachNewThread { [shared] in shared.serve() }
    }
  }

  /// The answers that came in since the last call.
  ///
  /// - Parameter isPatient: waits for one where there is none.
  func answers(isPatient: Bool) -> [(ticket: Int, answer: TurnAnswer)] {
    shared.take(isPatient: isPatient)
  }

  private typealias Work = @Sendable () -> (ticket: Int, answer: TurnAnswer)

  /// What the threads have in common; lives until the last of them is done.
  private final class Shared: @unchecked Sendable {  // under its lock
    private let condition = NSCondition()
    private var work: [Work] = []
    private var answers: [(ticket: Int, answer: TurnAnswer)] = []
    private var waiting = 0
    private var isClosed = false

    /// - Returns: whether all threads that there are have work already.
    func add(_ work: @escaping Work) -> Bool {
      condition.withLock {
        self.work.append(work)
        condition.broadcast()
        return waiting < self.work.count
      }
    }

    func serve() {
      while let work = next() {
        let answer = work()
        condition.withLock {
          answers.append(answer)
          condition.broadcast()
        }
      }
    }

    private func next() -> Work? {
      condition.withLock {
        waiting += 1
        defer { waiting -= 1 }
        while work.isEmpty, !isClosed { condition.wait() }
        return isClosed ? nil : work.removeFirst()
      }
    }

    func take(isPatient: Bool) -> [(ticket: Int, answer: TurnAnswer)] {
      condition.withLock {
        while isPatient, answers.isEmpty { condition.wait() }
        defer { answers = [] }
        return answers
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
