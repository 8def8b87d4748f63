import Foundation
import JSON
import Trajectories

extension EvaluationReport {
  /// The scores with their protocol: the headline's at the top, each protocol's in `scores`.
  public var json: JSONLiteral {
    var members: [JSONLiteral.Member] = [.init("problems", .int(generations.problems.count))]
    if case .object(let headline) = json(of: headline) { members += headline }
    members.append(
      .init("scores", .object(scores.map { .init($0.name, json(of: $0)) })))
    if !groupKeys.isEmpty { members.append(.init("groups", groupJSON)) }
    members.append(.init("length", generations.lengths.json))
    members.append(.init("protocol", .object(generations.conditions)))
    return .object(members)
  }

  private func json(of scores: JudgedProblems) -> JSONLiteral {
    var members: [JSONLiteral.Member] = [.init("protocol_name", .string(scores.name))]
    if let greedy = scores.greedy { members.append(.init("greedy", greedy.literal)) }
    if let average = scores.average {
      let summary = scores.summary
      var literal = summary.passes[0].score.literal
      literal["stderr_problems"] = .double(average.problemError)
      literal["stderr_sampling"] = .double(average.samplingError)
      members.append(.init("avg@\(scores.sampleCount)", literal))
      members += summary.passes.map { .init("pass@\($0.k)", $0.score.literal) }
      for (k, score) in summary.majorities {
        var literal = score.literal
        literal["expected_over_ties"] = .double(scores.expectedMajority(at: k))
        members.append(.init("maj@\(k)", literal))
      }
    }
    members += [
      .init(
        "verdicts", .object(scores.verdicts.map { .init($0.verdict.rawValue, .int($0.count)) })),
      .init("answered", .double(scores.answeredShare)),
      .init("flagged", .bool(scores.failedShare > 0.001)),
      .init("right_of_finished", literal(rightShare(of: scores, truncated: false))),
      .init("right_of_truncated", literal(rightShare(of: scores, truncated: true))),
      .init("judged_by", scores.verifiers),
    ]
    return .object(members)
  }

  private func literal(_ value: Double?) -> JSONLiteral { value.map { .double($0) } ?? .null }

  private var groupJSON: JSONLiteral {
    let groups = groups
    return .object(
      groupKeys.map { key in
        let own = groups.filter { $0.key == key }
        return .init(
          key,
          .object(
            own.map {
              .init($0.value, ["problems": .int($0.count), "value": .double(value(of: $0))])
            }))
      })
  }

  // MARK: Files

  /// The report with every completion and every judgement, as it is kept in a file: enough to judge
  /// again under other protocols.
  public var record: JSONLiteral {
    [
      "format": "temper.eval/1", "report": json,
      "groups": .array(groupKeys.map { .string($0) }),
      "protocol": .object(generations.conditions),
      "judgements": .array(scores.map(\.record)),
      "problems": .array(generations.problems.map(\.json)),
    ]
  }

  /// Reads a kept report.
  ///
  /// - Throws: `JSONError`, naming the place that is not of the form.
  public init(contentsOf file: URL) throws {
    let json = try JSON(contentsOf: file)
    guard json["format"].string == "temper.eval/1" else {
      throw JSONError.type(
        path: json["format"].path, expected: "\"temper.eval/1\", a report of temper eval",
        found: json["format"].isNull ? "missing" : json["format"].summary)
    }
    let generations = try Generations(json)
    let scores = try json["judgements"].requireArray().map { scores in
      try JudgedProblems(scores, of: generations)
    }
    guard !scores.isEmpty else {
      throw JSONError.type(
        path: json["judgements"].path, expected: "a protocol at least", found: "none")
    }
    self.init(
      generations, scores: scores,
      groupKeys: try (json["groups"].array ?? []).map { try $0.requireString() })
  }
}

extension JudgedProblems {
  fileprivate var record: JSONLiteral {
    [
      "name": .string(name), "judged_by": verifiers,
      "problems": .array(
        problems.map { problem in
          [
            "greedy": problem.greedy.map(\.record) ?? .null,
            "samples": .array(problem.samples.map(\.record)),
            "votes": .array(problem.votes.map { $0.map { .int($0) } ?? .null }),
          ]
        }),
    ]
  }

  fileprivate init(_ json: JSON, of generations: Generations) throws {
    let results = try json["problems"].requireArray()
    guard results.count == generations.problems.count else {
      throw JSONError.type(
        path: json["problems"].path, expected: "a result for each problem",
        found: "\(results.count) for \(generations.problems.count)")
    }
    self.init(
      name: try json["name"].requireString(), verifiers: JSONLiteral(json["judged_by"]),
      problems: try zip(results, generations.problems).map { result, problem in
        let samples = try result["samples"].requireArray().map(Judgement.init)
        let votes = try result["votes"].requireArray().map { $0.isNull ? nil : try $0.requireInt() }
        let greedy = result["greedy"].isNull ? nil : try Judgement(result["greedy"])
        guard samples.count == problem.samples.count, votes.count == samples.count,
          (greedy == nil) == (problem.greedy == nil)
        else {
          throw JSONError.type(
            path: result["samples"].path, expected: "a judgement for each completion",
            found: "\(samples.count) for \(problem.samples.count)")
        }
        return ProblemResult(id: problem.id, greedy: greedy, samples: samples, votes: votes)
      })
  }
}

extension Judgement {
  fileprivate var record: JSONLiteral {
    [
      "verdict": .string(verdict.rawValue), "answer": answer.map { .string($0) } ?? .null,
      "reason": .string(reason),
    ]
  }

  fileprivate init(_ json: JSON) throws {
    guard let verdict = Verdict(rawValue: try json["verdict"].requireString()) else {
      throw JSONError.type(
        path: json["verdict"].path, expected: "a verdict", found: json["verdict"].summary)
    }
    // Rewards are of training; an evaluation has verdicts.
    self.init(
      verdict, reward: verdict == .failed ? nil : verdict == .right ? 1 : 0,
      reason: json["reason"].string ?? "", answer: json["answer"].string)
  }
}

/// Completions with the headline's verdicts: one JSON object a line.
public enum CompletionRecord {
  public static func lines(_ report: EvaluationReport) -> String {
    var text = ""
    for (problem, result) in zip(report.generations.problems, report.headline.problems) {
      let first = problem.greedy == nil ? 0 : -1
      for (place, (completion, judgement)) in zip(problem.completions, result.judgements)
        .enumerated()
      {
        let sample = first + place
        let line: JSONLiteral = [
          "id": .string(problem.id), "sample": .int(max(sample, 0)), "greedy": .bool(sample < 0),
          "prompt": .string(problem.prompt), "text": .string(completion.text),
          "verdict": .string(judgement.verdict.rawValue), "reason": .string(judgement.reason),
          "answer": judgement.answer.map { .string($0) } ?? .null,
          "stop": .string(completion.stop.rawValue), "tokens": .int(completion.tokens.count),
        ]
        text += line.serialized() + "\n"
      }
    }
    return text
  }
}
