import Environments
import Tokenizers
import Trajectories

/// One episode beside the sampling: begun with its first turn, asked a turn at a time.
///
/// Used by one thread at a time.
final class EpisodeRunner: @unchecked Sendable {
  let settings: EpisodeSettings
  private let tokenizer: Tokenizer
  private let prompt: Prompt
  private var episode: (any Episode)?

  init(_ settings: EpisodeSettings, _ prompt: Prompt, _ tokenizer: Tokenizer) {
    (self.settings, self.prompt, self.tokenizer) = (settings, prompt, tokenizer)
  }

  /// What the environment answers, and how it is fed to the model; a failure is a value.
  ///
  /// - Parameter endToken: the id that ended the turn; `nil` where none did.
  func answer(_ turn: ModelTurn, endToken: Int32?) -> TurnAnswer {
    let begin = ContinuousClock.now
    var answer = TurnAnswer()
    do {
      let episode = try self.episode ?? begun()
      self.episode = episode
      let transition = try episode.step(turn)
      guard transition.reward.isFinite else {
        throw EpisodeFailure("it gives the reward \(transition.reward)")
      }
      (answer.reward, answer.isVoid) = (transition.reward, transition.isVoid)
      if let ending = transition.ending {
        answer.outcome = .ended(ending)
      } else if !turn.isLast {
        let end = endToken.map { tokenizer.decode([$0], skipSpecial: false) }
        let segment = try settings.format.segment(
          behind: turn.text, endToken: end, after: episode.opening, answer: transition.messages)
        answer.outcome = .goesOn(EncodedSegment(segment, behind: endToken, tokenizer))
      } else {
        answer.outcome = .goesOn(nil)
      }
    } catch {
      answer.outcome = .failed("\(error)")
    }
    answer.seconds = (.now - begin) / .seconds(1)
    return answer
  }

  private func begun() throws -> any Episode {
    let row = prompt.row == "{}" ? nil : prompt.row
    let episode = try settings.environment.begin(EpisodeTask(row: row, seed: prompt.seed))
    guard try settings.format.opening(episode.opening) == prompt.text else {
      throw EpisodeFailure("two episodes of one task open differently")
    }
    return episode
  }
}

/// What becomes of a turn.
struct TurnAnswer: Sendable {
  enum Outcome: Sendable {
    case ended(EpisodeEnding)
    /// With what the model is shown; `nil` where that was its last turn.
    case goesOn(EncodedSegment?)
    case failed(String)
  }

  var outcome = Outcome.goesOn(nil)
  var reward = 0.0
  var isVoid = false
  var seconds = 0.0
}

/// What an environment does that none may do.
struct EpisodeFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
