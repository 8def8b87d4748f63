import Foundation
import JSON
import Trajectories

extension EvaluationReport {
  /// The report with every problem's verdicts, as it is kept in a file.
  public var record: JSONLiteral {
    var record = json
    record["results"] = .array(
      problems.map { problem in
        [
          "id": .string(problem.id),
          "greedy": problem.greedy.map { .string($0.rawValue) } ?? .null,
          "samples": .array(problem.samples.map { .string($0.rawValue) }),
        ]
      })
    return record
  }

  /// Reads a kept report.
  ///
  /// - Throws: `JSONError`, naming the place that is not of the form.
  public init(contentsOf file: URL) throws {
    let json = try JSON(contentsOf: file)
    func verdict(_ value: JSON) throws -> Verdict {
      guard let verdict = Verdict(rawValue: try value.requireString()) else {
        throw JSONError.type(path: value.path, expected: "a verdict", found: value.summary)
      }
      return verdict
    }
    let problems = try json["results"].requireArray().map { result in
      ProblemResult(
        id: try result["id"].requireString(),
        greedy: result["greedy"].isNull ? nil : try verdict(result["greedy"]),
        samples: try result["samples"].requireArray().map(verdict))
    }
    for (index, problem) in problems.enumerated()
    where problem.samples.count != problems[0].samples.count
      || (problem.greedy == nil) != (problems[0].greedy == nil)
    {
      throw JSONError.type(
        path: json["results"][index]["samples"].path,
        expected: "as many samples as the problems before",
        found: "\(problem.samples.count)")
    }
    let note = (json["protocol"].object ?? []).map { member in
      JSONLiteral.Member(member.key, JSONLiteral(member.value))
    }
    self.init(problems: problems, protocolNote: note)
  }
}

/// Completions with their verdicts: one JSON object a line.
public enum CompletionRecord {
  public static func lines(_ groups: [RewardedGroup]) -> String {
    var text = ""
    for rewarded in groups {
      for (trajectory, judgement) in zip(rewarded.group.trajectories, rewarded.judgements) {
        let line: JSONLiteral = [
          "id": .string(rewarded.group.prompt.id), "sample": .int(trajectory.sample),
          "prompt": .string(rewarded.group.prompt.text), "text": .string(trajectory.text),
          "verdict": .string(judgement.verdict.rawValue), "reason": .string(judgement.reason),
          "answer": judgement.answer.map { .string($0) } ?? .null,
          "stop": .string(trajectory.stop.rawValue), "tokens": .int(trajectory.tokens.count),
        ]
        text += line.serialized() + "\n"
      }
    }
    return text
  }
}
