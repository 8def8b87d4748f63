import Foundation
import JSON
import Trajectories
import Verifiers

@testable import Evaluation

/// Right where the completion is the row's answer, or stands in the row's list of `same` ones;
/// fails on `crash`.
struct Same: Verifier {
  let name = "same"

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    samples.map { sample in
      let row = try? JSON(parsing: sample.row)
      let text = sample.completion
      if text == "crash" { return .failed("it crashed") }
      if text.isEmpty { return Judgement(.unparsable, reward: 0, reason: "empty") }
      let also = (row?["same"].array ?? []).compactMap(\.string)
      let isRight = text == row?["answer"].string || also.contains(text)
      return Judgement(
        isRight ? .right : .wrong, reward: isRight ? 1 : 0, reason: isRight ? "" : "it differs",
        answer: text)
    }
  }
}

let sameSet = VerifierSet([.init(Same())], threads: 1)

func completion(_ text: String, stop: StopReason = .endToken) -> Completion {
  Completion(text: text, tokens: Array(text.utf8.map { Int32($0) }), stop: stop)
}

/// A problem whose answer is `a`.
func problem(
  _ id: String, greedy: String? = nil, _ samples: [String], row: String = #"{"answer": "a"}"#
) -> AnsweredProblem {
  AnsweredProblem(
    id: id, index: 0, row: row, prompt: "p<\(id)>", greedy: greedy.map { completion($0) },
    samples: samples.map { completion($0) })
}

/// Four problems, one greedy completion of every verdict, four samples each of which `rights` are
/// right.
func report(
  _ rights: [Int], greedy: [String] = ["a", "b", "", "crash"],
  ids: [String] = ["a", "b", "c", "d"], rows: String = "0"
) -> EvaluationReport {
  let problems = zip(zip(ids, greedy), rights).map { pair, right in
    problem(pair.0, greedy: pair.1, (0..<4).map { $0 < right ? "a" : "b" })
  }
  let generations = Generations(
    conditions: [.init("samples", 4), .init("rows", .string(rows))], problems: problems)
  return EvaluationReport(
    generations,
    under: [
      ReadyProtocol(try! .named("verifier"), verifiers: sameSet),
      ReadyProtocol(try! .named("lm-eval-gsm8k-flexible"), verifiers: nil),
    ])
}

/// A file of its own with that text.
func file(_ text: String) throws -> URL {
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
  try Data(text.utf8).write(to: file)
  return file
}
