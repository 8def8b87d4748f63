import Foundation
import JSON
import Trajectories

/// What is kept of a step's completions: one JSON object a line.
public enum RolloutRecord {
  /// The lines of a step: prompt, ids, text, verdict, reward, advantage; of an episode who wrote
  /// what.
  ///
  /// - Parameter columns: also the prompt's ids and the per-token columns, those of interventions
  ///   as `<name>/<column>`: what ``RecordedStep`` needs.
  public static func lines(_ report: StepReport, columns: Bool) -> String {
    guard let batch = report.batch else { return "" }
    var text = ""
    var sequence = 0
    for rewarded in report.groups {
      for (place, trajectory) in rewarded.group.trajectories.enumerated() {
        let prompt = rewarded.group.prompt(of: place)
        let judgement = rewarded.judgements[place]
        let range = batch.range(sequence)
        var line: JSONLiteral = [
          "prompt_id": .string(prompt.id), "sample": .int(trajectory.sample),
          "prompt": .string(prompt.text), "text": .string(trajectory.text),
          "verdict": .string(judgement.verdict.rawValue),
          "reward": judgement.reward.map(JSONLiteral.float) ?? .null,
          "advantage": range.first.map { .float(batch.advantages[$0]) } ?? .null,
          "answer": judgement.answer.map { .string($0) } ?? .null,
          "reason": .string(judgement.reason), "stop": .string(trajectory.stop.rawValue),
          "ids": .ints(trajectory.tokens),
        ]
        if let episode = trajectory.episode { line["segments"] = episode.log }
        if let template = prompt.template { line["template"] = .string(template.name) }
        if columns {
          line["group"] = .int(batch.groups[sequence])
          line["prompt_ids"] = .ints(batch.prompts[sequence])
          line["advantages"] = .floats(batch.advantages[range])
          line["turns"] = .ints(batch.turns[range])
          line["authors"] = .ints(batch.authors[range].map(\.rawValue))
          if let voidTurns = batch.voidTurns {
            line["void_turns"] = .ints(voidTurns[range].map { $0 ? 1 : 0 })
          }
          line["old_logprobs"] = .floats(batch.oldLogprobs[range])
          line["behaviour_logprobs"] = .floats(batch.behaviourLogprobs[range])
          line["entropies"] = .floats(batch.oldEntropies[range])
          line["mask"] = .ints(batch.mask[range])
          line["reference_logprobs"] = batch.referenceLogprobs.map { .floats($0[range]) }
          for column in report.columns {
            line[column.name] = .floats(column.values[range])
          }
        }
        text += line.serialized() + "\n"
        sequence += 1
      }
    }
    return text
  }
}

extension EpisodeRecord {
  /// Who wrote what, turn by turn.
  fileprivate var log: JSONLiteral {
    .array(
      segments.map { segment in
        var line: JSONLiteral = [
          "author": .string("\(segment.author)"), "tokens": .int(segment.tokens.count),
          "text": .string(segment.text),
        ]
        if segment.author == .model {
          let turn = turns[segment.turn]
          line["stop"] = .string(turn.stop.rawValue)
          line["reward"] = .double(turn.reward)
          line["void"] = .bool(turn.isVoid)
        }
        return line
      })
  }
}
