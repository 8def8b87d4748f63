import Foundation
import JSON
import Trajectories

/// What is kept of a step's completions: one JSON object a line.
public struct RolloutRecord {
  /// The lines of a step: prompt, ids, text, verdict, reward, advantage.
  ///
  /// - Parameter columns: also the per-token columns.
  public static func lines(_ report: StepReport, columns: Bool) -> String {
    guard let batch = report.batch else { return "" }
    var text = ""
    var sequence = 0
    for rewarded in report.groups {
      let prompt = rewarded.group.prompt
      for (trajectory, judgement) in zip(rewarded.group.trajectories, rewarded.judgements) {
        let range = batch.range(sequence)
        var line: JSONLiteral = [
          "prompt_id": .string(prompt.id), "sample": .int(trajectory.sample),
          "prompt": .string(prompt.text), "text": .string(trajectory.text),
          "verdict": .string(judgement.verdict.rawValue),
          "reward": judgement.reward.map { .number($0) } ?? .null,
          "advantage": range.first.map { .number(batch.advantages[$0]) } ?? .null,
          "answer": judgement.answer.map { .string($0) } ?? .null,
          "reason": .string(judgement.reason), "stop": .string(trajectory.stop.rawValue),
          "ids": .array(trajectory.tokens.map { .int(Int($0)) }),
        ]
        if columns {
          line["old_logprobs"] = .array(batch.oldLogprobs[range].map { .number($0) })
          line["behaviour_logprobs"] = .array(batch.behaviourLogprobs[range].map { .number($0) })
          line["entropies"] = .array(batch.oldEntropies[range].map { .number($0) })
          line["mask"] = .array(batch.mask[range].map { .int(Int($0)) })
        }
        text += line.serialized() + "\n"
        sequence += 1
      }
    }
    return text
  }
}

extension RefusedStep {
  /// The batch with its columns, so that the step can be replayed.
  var record: JSONLiteral {
    let sequences = (0..<batch.sequenceCount).map { sequence -> JSONLiteral in
      let range = batch.range(sequence)
      return [
        "group": .int(batch.groups[sequence]),
        "prompt_ids": .array(batch.prompts[sequence].map { .int(Int($0)) }),
        "ids": .array(batch.tokens[range].map { .int(Int($0)) }),
        "mask": .array(batch.mask[range].map { .int(Int($0)) }),
        "advantages": .array(batch.advantages[range].map { .number($0) }),
        "logprobs": .array(batch.logprobs[range].map { .number($0) }),
        "old_logprobs": .array(batch.oldLogprobs[range].map { .number($0) }),
        "entropies": .array(batch.entropies[range].map { .number($0) }),
      ]
    }
    return ["step": .int(step), "reason": .string(reason), "sequences": .array(sequences)]
  }
}

extension JSONLiteral {
  /// A float in the fewest digits that read back as the same float.
  static func number(_ value: Float) -> JSONLiteral {
    value.isFinite ? .double(Double("\(value)")!) : .string("\(value)")
  }
}
