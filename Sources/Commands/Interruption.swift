import Foundation
import Synchronization

/// Ctrl-C as a request: the first asks for an orderly end, the second ends at once.
enum Interruption {
  private static let requests = Atomic<Int>(0)

  static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// Begins to listen for SIGINT, SIGTERM and, unless `nohup` has it ignored, SIGHUP.
  ///
  /// A reader of our output that goes away (SIGPIPE) and a file that may not grow (SIGXFSZ) are no
  /// reasons to lose a run.
  static func listen() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    let requests = [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP])
    // Some programs start others with the signals blocked that their own threads block.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in requests { sigaddset(&wanted, number) }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in requests {
      signal(number) { number in
        guard Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 else { return }
        signal(number, SIG_DFL)
        raise(number)  // arrives when this handler returns
      }
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
