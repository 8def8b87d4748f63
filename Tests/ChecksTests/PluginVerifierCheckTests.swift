import Foundation
import JSON
import Synchronization
import Testing
import Trajectories
import Verifiers

@testable import Checks

struct PluginVerifierCheckTests {
  /// Right where the completion holds what `judge` says of it.
  private final class Scripted: Verifier {
    let name = "scripted"
    let judgeAll: @Sendable ([VerifierSample]) -> [Judgement]
    init(_ judgeAll: @escaping @Sendable ([VerifierSample]) -> [Judgement]) {
      self.judgeAll = judgeAll
    }
    func judge(_ samples: [VerifierSample]) -> [Judgement] { judgeAll(samples) }
  }

  private func failures(_ judge: @escaping @Sendable ([VerifierSample]) -> [Judgement]) -> [String]
  {
    checkVerifier(
      VerifierSubject(name: "v", describe: { "" }) { keys in
        guard keys == .object([]) else { throw CheckError("refused") }
        return Scripted(judge)
      }
    ).differ
  }

  private static func plain(_ sample: VerifierSample) -> Judgement {
    sample.completion.contains("42")
      ? Judgement(.right, reward: 1) : Judgement(.wrong, reward: 0)
  }

  @Test func aRightVerifierPasses() {
    #expect(failures { $0.map(Self.plain) } == [])
  }

  @Test func aVerdictThatDependsOnItsNeighboursIsCaught() {
    #expect(
      failures { samples in
        samples.map { samples.count > 3 ? Self.plain($0) : Judgement(.wrong, reward: 0) }
      } == ["v: batch"])
  }

  @Test func aVerdictThatDependsOnHistoryIsCaught() {
    let calls = Mutex(0)
    let found = failures { samples in
      let call = calls.withLock {
        $0 += 1
        return $0
      }
      return samples.map { _ in Judgement(.wrong, reward: Float(call)) }
    }
    #expect(found.contains("v: batch") && found.contains("v: threads"))
  }

  @Test func aRewardThatIsNotFiniteIsCaught() {
    let found = failures { $0.map { _ in Judgement(.right, reward: .infinity) } }
    #expect(found.contains("v: empty-completion") && found.contains("v: long-completion"))
  }
}
