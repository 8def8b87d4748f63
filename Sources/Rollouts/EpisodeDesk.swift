import Environments
import Foundation

/// Where turns are handed in and answers are picked up: threads ask the environment beside the
/// sampling, so that no sequence waits for another's.
final class EpisodeDesk {
  private let threads: WorkThreads
  private let tray = Tray()

  init(workers: Int) { threads = WorkThreads(count: workers) }

  /// Asks for the answer to a turn.
  ///
  /// - Parameter ticket: comes back with the answer.
  func ask(_ ticket: Int, _ work: @escaping @Sendable () -> TurnAnswer) {
    threads.add { [tray] in tray.put(ticket, work()) }
  }

  /// The answers that came in since the last call.
  ///
  /// - Parameter isPatient: waits for one where there is none.
  func answers(isPatient: Bool) -> [(ticket: Int, answer: TurnAnswer)] {
    tray.take(isPatient: isPatient)
  }

  private final class Tray: @unchecked Sendable {  // under its lock
    private let condition = NSCondition()
    private var answers: [(ticket: Int, answer: TurnAnswer)] = []

    func put(_ ticket: Int, _ answer: TurnAnswer) {
      condition.withLock {
        answers.append((ticket, answer))
        condition.signal()
      }
    }

    func take(isPatient: Bool) -> [(ticket: Int, answer: TurnAnswer)] {
      condition.withLock {
        while isPatient, answers.isEmpty { condition.wait() }
        defer { answers = [] }
        return answers
      }
    }
  }
}
