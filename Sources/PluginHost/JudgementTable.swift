import CPluginABI
import Trajectories

/// Memory for the judgements of one call, with a sink for each text.
final class JudgementTable {
  /// What the C table writes to.
  let pointers: UnsafePointer<UnsafeMutablePointer<temper_judgement>?>
  private let judgements: UnsafeMutablePointer<temper_judgement>
  private let table: UnsafeMutablePointer<UnsafeMutablePointer<temper_judgement>?>
  /// `[2 * count]` reason and answer of each.
  private let texts: UnsafeMutablePointer<[UInt8]>
  private let count: Int

  /// Bytes that are kept of a text.
  static let longestText = 1 << 16

  init(count: Int) {
    self.count = count
    judgements = .allocate(capacity: count)
    table = .allocate(capacity: count)
    texts = .allocate(capacity: 2 * count)
    texts.initialize(repeating: [], count: 2 * count)
    for index in 0..<count {
      (judgements + index).initialize(
        to: temper_judgement(
          size: UInt32(MemoryLayout<temper_judgement>.size), verdict: TEMPER_FAILED, reward: 0,
          reason: Self.sink(texts + 2 * index), answer: Self.sink(texts + 2 * index + 1)))
      (table + index).initialize(to: judgements + index)
    }
    pointers = UnsafePointer(table)
  }

  deinit {
    texts.deinitialize(count: 2 * count)
    texts.deallocate()
    table.deallocate()
    judgements.deallocate()
  }

  private static func sink(_ text: UnsafeMutablePointer<[UInt8]>) -> temper_sink {
    temper_sink(context: UnsafeMutableRawPointer(text)) { context, data, size in
      guard let data else { return }
      let text = context!.assumingMemoryBound(to: [UInt8].self)
      let room = JudgementTable.longestText - text.pointee.count
      text.pointee += UnsafeRawBufferPointer(start: data, count: min(size, room))
    }
  }

  /// What was written of sample `index`. A judgement that breaks the contract is a failed one.
  func judgement(_ index: Int) -> Judgement {
    let written = judgements[index]
    let reason = String(decoding: texts[2 * index], as: UTF8.self)
    let answer = String(decoding: texts[2 * index + 1], as: UTF8.self)
    let verdict: Verdict
    switch written.verdict {
    case TEMPER_RIGHT: verdict = .right
    case TEMPER_WRONG: verdict = .wrong
    case TEMPER_UNPARSABLE: verdict = .unparsable
    case TEMPER_FAILED: return .failed(reason.isEmpty ? "no reason given" : reason)
    default: return .failed("the verifier gave the unknown verdict \(written.verdict.rawValue)")
    }
    guard written.reward.isFinite else {
      return .failed("the verifier gave the reward \(written.reward)")
    }
    return Judgement(
      verdict, reward: written.reward, reason: reason, answer: answer.isEmpty ? nil : answer)
  }
}
