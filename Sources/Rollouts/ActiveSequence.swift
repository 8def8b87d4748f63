import Foundation
import Kernels
import Tensors
import Tokenizers
import Trajectories

/// A prompt that is being taken in, a stretch a pass.
struct Prefill {
  let prompt: Int
  var position = 0
  let table: [Int32]
}

/// A prompt that is in: its pages, and the logits behind its last id, from which every completion
/// of its group draws its first token.
struct ReadyPrompt {
  let prompt: Int
  let table: [Int32]
  let logits: Storage<Float>
  /// The first of the group's completions that has not begun.
  var next = 0

  /// The logits as `count` equal rows.
  func rows(_ count: Int) -> Storage<Float> {
    let rows = Storage<Float>(count * logits.count, zeroed: false)
    for row in 0..<count {
      (rows.pointer + row * logits.count).update(from: logits.pointer, count: logits.count)
    }
    return rows
  }
}

/// A completion under way.
final class ActiveSequence {
  let prompt: Int
  /// The sample's place in its group.
  let slot: Int
  var trajectory: Trajectory
  /// The pages of its keys and values, the prompt's first.
  var table: [Int32]
  /// How many keys are cached; the next id goes there.
  var position: Int
  /// Pages that it may still ask for.
  var reservation: Int
  /// Set when it has ended.
  var stop: StopReason?
  private var decoder: StreamDecoder
  private var shown = ""

  init(
    prompt: Int, slot: Int, sample: Int, table: [Int32], position: Int, reservation: Int,
    decoder: StreamDecoder
  ) {
    self.prompt = prompt
    self.slot = slot
    self.table = table
    self.position = position
    self.reservation = reservation
    self.decoder = decoder
    trajectory = Trajectory(sample: sample)
  }

  /// The id to be fed next.
  var last: Int32 { trajectory.tokens.last! }

  /// Records a drawn token and decides whether the completion ends with it.
  func append(_ drawn: DrawnTokens, row: Int, _ settings: SamplingSettings) {
    let id = drawn.tokens[row]
    trajectory.tokens.append(id)
    trajectory.behaviourLogprobs.append(drawn.behaviour[row])
    trajectory.oldLogprobs.append(drawn.old[row])
    trajectory.entropies.append(drawn.entropies[row])
    if settings.endTokens.contains(id) {
      stop = .endToken
    } else if endsInStopString(id, settings.stopStrings) {
      stop = .stopString
    } else if trajectory.tokens.count == settings.maximumNewTokens {
      stop = .length
    }
  }

  /// True when the text that `id` completes holds a stop string.
  private func endsInStopString(_ id: Int32, _ stopStrings: [String]) -> Bool {
    guard !stopStrings.isEmpty, let piece = decoder.append(id) else { return false }
    shown += piece
    // A stop string that `piece` completes ends at most that far back.
    let reach = piece.count + stopStrings.reduce(0) { max($0, $1.count) }
    let tail = shown.suffix(reach)
    return stopStrings.contains { tail.contains($0) }
  }

  /// The completion's text without its end token or stop string.
  func text(_ tokenizer: Tokenizer, _ stopStrings: [String]) -> String {
    let ids = stop == .endToken ? trajectory.tokens.dropLast() : trajectory.tokens[...]
    let text = tokenizer.decode(ids, skipSpecial: true)
    guard stop == .stopString else { return text }
    let cuts = stopStrings.compactMap { text.range(of: $0)?.lowerBound }
    return cuts.min().map { String(text[..<$0]) } ?? text
  }
}
