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
  /// UTF-8 of what `decoder` has shown, as far back as a stop string can reach.
  private var tail: [UInt8] = []

  init(
    prompt: Int, slot: Int, trajectory: Trajectory, table: [Int32], position: Int, reservation: Int,
    decoder: StreamDecoder
  ) {
    self.prompt = prompt
    self.slot = slot
    self.table = table
    self.position = position
    self.reservation = reservation
    self.decoder = decoder
    self.trajectory = trajectory
  }

  /// The id to be fed next.
  var last: Int32 { trajectory.tokens.last! }

  /// Records a drawn token and decides whether the completion ends with it.
  func append(_ drawn: DrawnTokens, row: Int, _ settings: SamplingSettings, _ stops: StopStrings) {
    let id = drawn.tokens[row]
    trajectory.tokens.append(id)
    trajectory.behaviourLogprobs.append(drawn.behaviour[row])
    trajectory.oldLogprobs.append(drawn.old[row])
    trajectory.entropies.append(drawn.entropies[row])
    if settings.endTokens.contains(id) {
      stop = .endToken
    } else if !stops.isEmpty, holdsStopString(id, stops) {
      stop = .stopString
    } else if trajectory.tokens.count == settings.maximumNewTokens {
      stop = .length
    }
  }

  /// True when the text that `id` continues holds a stop string.
  private func holdsStopString(_ id: Int32, _ stops: StopStrings) -> Bool {
    if let piece = decoder.append(id) {
      tail = tail.suffix(stops.longest) + piece.utf8
      return stops.first(in: tail) != nil
    }
    // The text ends inside a character; what stands before that counts all the same.
    var ahead = decoder
    return stops.first(in: tail.suffix(stops.longest) + ahead.finish().utf8) != nil
  }

  /// The completion's text without its end token or stop string.
  func text(_ tokenizer: Tokenizer, _ stops: StopStrings) -> String {
    let ids = stop == .endToken ? trajectory.tokens.dropLast() : trajectory.tokens[...]
    let text = tokenizer.decode(ids, skipSpecial: true)
    guard stop == .stopString, let cut = stops.first(in: Array(text.utf8)) else { return text }
    return String(decoding: text.utf8.prefix(cut), as: UTF8.self)
  }
}
