import Environments
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
  /// Ids that go in before the next is drawn, behind an environment's answer.
  var pending: ArraySlice<Int32> = []
  /// Set when its turn has ended.
  var stop: StopReason?
  /// Who answers its turns; `nil` where its only turn is the completion.
  let runner: EpisodeRunner?
  private var decoder: StreamDecoder
  private let fresh: StreamDecoder
  /// UTF-8 of what `decoder` has shown, as far back as a stop string can reach.
  private var tail: [UInt8] = []
  /// Where its turn began.
  private var turnStart = 0

  init(
    prompt: Int, slot: Int, trajectory: Trajectory, table: [Int32], position: Int, reservation: Int,
    runner: EpisodeRunner?, decoder: StreamDecoder
  ) {
    self.prompt = prompt
    self.slot = slot
    self.table = table
    self.position = position
    self.reservation = reservation
    self.runner = runner
    self.decoder = decoder
    fresh = decoder
    self.trajectory = trajectory
    if runner != nil { self.trajectory.episode = EpisodeRecord() }
  }

  /// The id to be fed next.
  var last: Int32 { trajectory.tokens.last! }

  /// Records a drawn token and decides whether the turn ends with it.
  func append(_ drawn: DrawnTokens, row: Int, _ settings: SamplingSettings, _ stops: StopStrings) {
    let id = drawn.tokens[row]
    trajectory.tokens.append(id)
    trajectory.authors.append(.model)
    trajectory.behaviourLogprobs.append(drawn.behaviour[row])
    trajectory.oldLogprobs.append(drawn.old[row])
    trajectory.entropies.append(drawn.entropies[row])
    if settings.endTokens.contains(id) {
      stop = .endToken
    } else if !stops.isEmpty, holdsStopString(id, stops) {
      stop = .stopString
    } else if trajectory.tokens.count == runner?.settings.maximumTokens {
      stop = .episodeTokens
    } else if trajectory.tokens.count - turnStart == settings.maximumNewTokens {
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
    guard runner == nil else { return tokenizer.decode(trajectory.tokens, skipSpecial: true) }
    let ids = stop == .endToken ? trajectory.tokens.dropLast() : trajectory.tokens[...]
    let text = tokenizer.decode(ids, skipSpecial: true)
    guard stop == .stopString, let cut = stops.first(in: Array(text.utf8)) else { return text }
    return String(decoding: text.utf8.prefix(cut), as: UTF8.self)
  }
}

// MARK: Episodes

extension ActiveSequence {
  /// Closes the turn that has ended.
  ///
  /// - Returns: what the environment is asked, and the id that ended the turn.
  func closeTurn(_ tokenizer: Tokenizer) -> (turn: ModelTurn, endToken: Int32?) {
    let stop = stop!
    let tokens = turnStart..<trajectory.tokens.count
    let number = trajectory.episode!.turns.count
    trajectory.episode!.turns.append(EpisodeRecord.Turn(tokens: tokens, stop: stop))
    let written = trajectory.tokens[tokens]
    let turn = ModelTurn(
      number: number,
      text: tokenizer.decode(stop == .endToken ? written.dropLast() : written, skipSpecial: false),
      isCut: stop.isTruncation,
      isLast: number + 1 >= runner!.settings.turns
        || trajectory.tokens.count >= runner!.settings.maximumTokens)
    return (turn, stop == .endToken ? written.last : nil)
  }

  /// Takes what became of the turn.
  ///
  /// - Returns: whether the model goes on; else the episode is over, and ``stop`` says why.
  func take(_ answer: TurnAnswer, _ tokenizer: Tokenizer) -> Bool {
    let turn = trajectory.episode!.turns.count - 1
    trajectory.episode!.turns[turn].reward = answer.reward
    trajectory.episode!.turns[turn].isVoid = answer.isVoid
    trajectory.episode!.seconds += answer.seconds
    let budget = runner!.settings.maximumTokens
    switch answer.outcome {
    case .failed(let reason):
      finish(.failed, .failed(reason), tokenizer)
    case .ended(let ending):
      finish(.environment, judgement(ending), tokenizer)
    case .goesOn(let segment?)
    where trajectory.tokens.count + segment.tokens.count < budget:
      go(on: segment)
      return true
    case .goesOn(let segment):
      // The last turn, or one whose answer leaves no room for another.
      let isOutOfTokens = segment != nil || trajectory.tokens.count >= budget
      finish(isOutOfTokens ? .episodeTokens : .turns, judgement(nil), tokenizer)
    }
    return false
  }

  /// Has the model read `segment`, and begins its next turn.
  private func go(on segment: EncodedSegment) {
    let count = segment.tokens.count
    let zeros = [Float](repeating: 0, count: count)
    pending = [last] + segment.tokens
    trajectory.tokens += segment.tokens
    trajectory.authors += segment.authors
    trajectory.behaviourLogprobs += zeros
    trajectory.oldLogprobs += zeros
    trajectory.entropies += zeros
    for place in trajectory.observed.indices {
      trajectory.observed[place].append(.blank(count, width: trajectory.observed[place].width))
    }
    (decoder, tail, stop) = (fresh, [], nil)
    turnStart = trajectory.tokens.count
  }

  private func judgement(_ ending: EpisodeEnding?) -> Judgement {
    let reward = trajectory.episode!.turns.reduce(0) { $0 + $1.reward }
    guard Float(reward).isFinite else { return .failed("the turns' rewards come to \(reward)") }
    let verdict: Verdict =
      switch ending {
      case .succeeded: .right
      case .malformed: .unparsable
      case .missed, .outOfTurns, nil: .wrong
      }
    return Judgement(verdict, reward: Float(reward), reason: ending?.rawValue ?? "")
  }

  private func finish(_ stop: StopReason, _ judgement: Judgement, _ tokenizer: Tokenizer) {
    self.stop = stop
    trajectory.episode!.judgement = judgement
    trajectory.episode!.segments = trajectory.segments { range in
      tokenizer.decode(trajectory.tokens[range], skipSpecial: false)
    }
  }
}

extension Trajectory {
  /// Runs of tokens of one author and turn.
  fileprivate func segments(_ text: (Range<Int>) -> String) -> [EpisodeRecord.Segment] {
    let turns = episode!.turnIndices(count: tokens.count)
    var segments: [EpisodeRecord.Segment] = []
    var start = 0
    for end in 1..<tokens.count + 1
    where end == tokens.count || authors[end] != authors[start] || turns[end] != turns[start] {
      segments.append(
        EpisodeRecord.Segment(
          author: authors[start], turn: turns[start], tokens: start..<end, text: text(start..<end)))
      start = end
    }
    return segments
  }
}
