import CPluginABI
import EntropyControl
import Trajectories

/// A batch as the C table takes it: columns in memory that lives as long as this object.
final class TokenTable {
  private(set) var tokens: temper_tokens
  private let arena = Arena()

  init(_ batch: TokenBatch, coefficients: [Float], observed: ObservedMoments) {
    let arena = arena
    func column<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
      UnsafePointer(arena.copy(values))
    }
    tokens = temper_tokens(
      size: UInt32(MemoryLayout<temper_tokens>.size), token_count: batch.count,
      sequence_count: batch.sequenceCount, offsets: column(batch.offsets.map(UInt32.init)),
      groups: column(batch.groups.map(UInt32.init)), tokens: column(batch.tokens),
      turns: column(batch.turns.map(UInt32.init)), mask: column(batch.mask),
      advantages: column(batch.advantages), coefficients: column(coefficients),
      logprobs: column(batch.logprobs), old_logprobs: column(batch.oldLogprobs),
      behaviour_logprobs: column(batch.behaviourLogprobs),
      reference_logprobs: batch.referenceLogprobs.map(column), entropies: column(batch.entropies),
      old_entropies: column(batch.oldEntropies),
      observed: observed.current.map { column($0.values) },
      old_observed: observed.old.map { column($0.values) },
      old_bytes: observed.old.map { column(arena.texts($0.bytes)) },
      authors: column(batch.authors.map(\.rawValue)),
      void_turns: batch.voidTurns.map { column($0.map { $0 ? 1 : 0 }) })
  }
}

/// Memory for the arguments of one call, given back together.
final class Arena {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func copy<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let block = UnsafeMutablePointer<Element>.allocate(capacity: max(values.count, 1))
    block.update(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(block))
    return block
  }

  /// Views of texts that are laid end to end in one block.
  func texts(_ texts: [[UInt8]]) -> [temper_text] {
    let block = copy(Array(texts.joined()))
    var start = UnsafePointer(UnsafeRawPointer(block).assumingMemoryBound(to: CChar.self))
    return texts.map { text in
      defer { start += text.count }
      return temper_text(data: start, size: text.count)
    }
  }
}
