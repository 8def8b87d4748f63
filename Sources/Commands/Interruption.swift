import Foundation
import Synchronization

/// Ctrl-C as a request: the first asks for an orderly end, the second ends at once.
enum Interruption {
  private static let requests = Atomic<Int>(0)

  static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// Begins to listen for SIGINT and SIGTERM.
  ///
  /// A reader of our output that goes away (SIGPIPE) is no reason to lose a run.
  static func listen() {
    signal(SIGPIPE, SIG_IGN)
    // Some programs start others with the signals blocked that their own threads block.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in [SIGINT, SIGTERM] { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        guard Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 else { return }
        signal(number, SIG_DFL)
        raise(number)  // arrives when this handler returns
      }
    }
  }
}
