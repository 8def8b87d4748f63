import JSON
import Trajectories

extension Completion {
  /// Ids stand as text, `"12 7 2"`: a number each would make a long report many times as large.
  var json: JSONLiteral {
    var json: JSONLiteral = [
      "text": .string(text), "stop": .string(stop.rawValue),
      "ids": .string(tokens.map(String.init).joined(separator: " ")),
    ]
    if let judgement {
      json["verdict"] = .string(judgement.verdict.rawValue)
      json["reward"] = judgement.reward.map { .float($0) } ?? .null
      json["reason"] = .string(judgement.reason)
    }
    return json
  }

  init(_ json: JSON) throws {
    guard let stop = StopReason(rawValue: try json["stop"].requireString()) else {
      throw JSONError.type(
        path: json["stop"].path, expected: "why it ended", found: json["stop"].summary)
    }
    let ids = try json["ids"].requireString().split(separator: " ")
    let tokens = ids.compactMap { Int32($0) }
    guard tokens.count == ids.count else {
      throw JSONError.type(
        path: json["ids"].path, expected: "ids with blanks between", found: json["ids"].summary)
    }
    self.init(
      text: try json["text"].requireString(), tokens: tokens, stop: stop,
      judgement: try Self.judgement(json))
  }

  private static func judgement(_ json: JSON) throws -> Judgement? {
    guard json.has("verdict") else { return nil }
    let name = try json["verdict"].requireString()
    guard let verdict = Verdict(rawValue: name) else {
      throw JSONError.type(
        path: json["verdict"].path, expected: "a verdict", found: json["verdict"].summary)
    }
    return Judgement(
      verdict, reward: verdict == .failed ? nil : Float(try json["reward"].requireDouble()),
      reason: json["reason"].string ?? "")
  }
}

extension AnsweredProblem {
  var json: JSONLiteral {
    [
      "id": .string(id), "index": .int(index), "row": .string(row), "prompt": .string(prompt),
      "greedy": greedy?.json ?? .null, "samples": .array(samples.map(\.json)),
    ]
  }

  init(_ json: JSON) throws {
    self.init(
      id: try json["id"].requireString(), index: try json["index"].requireInt(),
      row: try json["row"].requireString(), prompt: try json["prompt"].requireString(),
      greedy: json["greedy"].isNull ? nil : try Completion(json["greedy"]),
      samples: try json["samples"].requireArray().map(Completion.init))
  }
}

extension Generations {
  init(_ json: JSON) throws {
    let problems = try json["problems"].requireArray().map(AnsweredProblem.init)
    for (place, problem) in problems.enumerated()
    where problem.samples.count != problems[0].samples.count
      || (problem.greedy == nil) != (problems[0].greedy == nil)
    {
      throw JSONError.type(
        path: json["problems"][place]["samples"].path,
        expected: "as many completions as the problems before",
        found: "\(problem.samples.count)")
    }
    self.init(
      conditions: try json["protocol"].requireObject().map {
        JSONLiteral.Member($0.key, JSONLiteral($0.value))
      }, problems: problems)
  }
}
