import JSON
import Trajectories
import Verifiers

/// Judges completions under one protocol, and says which answers are the same.
///
/// What it says of a completion depends on that completion and its row alone.
public struct ReadyProtocol: Sendable {
  public let answerProtocol: AnswerProtocol
  /// Judges whole completions, or answers that a rule has found; `nil` where texts are compared.
  let verifiers: VerifierSet?
  /// Judges answers alone: whether two of them are the same. `nil` for the same text.
  let equality: VerifierSet?
  /// The form that the prompt asks for.
  let askedForm: AnswerRule
  /// The row's key with the gold answer.
  let goldKey = "answer"
  /// What a reader of the report is told of the verifiers.
  public let description: JSONLiteral

  /// - Parameters:
  ///   - verifiers: who judges; needed unless the protocol compares texts.
  ///   - equality: who compares two answers for a vote.
  ///   - askedForm: the form of answer that the prompt asks for.
  ///   - description: names and versions of the verifiers.
  public init(
    _ answerProtocol: AnswerProtocol, verifiers: VerifierSet?, equality: VerifierSet? = nil,
    askedForm: AnswerRule = .box, description: JSONLiteral = .null
  ) {
    self.answerProtocol = answerProtocol
    (self.verifiers, self.equality) = (verifiers, equality)
    (self.askedForm, self.description) = (askedForm, description)
  }

  /// Judges everything that was written for `problems`.
  public func judge(_ problems: [AnsweredProblem]) -> JudgedProblems {
    var judgements = judgements(of: problems)[...]
    let results = problems.map { problem in
      var own = judgements.prefix(problem.completions.count)
      judgements = judgements.dropFirst(own.count)
      let greedy = problem.greedy == nil ? nil : own.popFirst()
      let samples = Array(own)
      return ProblemResult(
        id: problem.id, greedy: greedy, samples: samples,
        votes: votes(samples.map(\.answer), of: problem))
    }
    return JudgedProblems(
      name: answerProtocol.name, verifiers: description, problems: results)
  }

  // MARK: Verdicts

  /// `[completions]` of all problems, one after the other.
  private func judgements(of problems: [AnsweredProblem]) -> [Judgement] {
    switch answerProtocol.method {
    case .verifier, .tolerant:
      return verifiers!.judge(
        problems.flatMap { problem in
          let row = judgedRow(of: problem)
          return problem.completions.map { completion in
            VerifierSample(
              row: row, prompt: problem.prompt, completion: completion.text,
              tokens: completion.tokens)
          }
        }
      ).judgements
    case .askedForm: return judge(problems, askedForm, .equality)
    case .episode:
      return problems.flatMap(\.completions).map {
        $0.judgement ?? .failed("it was no episode of an environment")
      }
    case .rule(let rule, let comparison): return judge(problems, rule, comparison)
    }
  }

  private func judge(
    _ problems: [AnsweredProblem], _ rule: AnswerRule, _ comparison: AnswerProtocol.Comparison
  ) -> [Judgement] {
    let missing = Judgement(
      .unparsable, reward: 0, reason: "no answer of the form \(rule.rawValue)")
    var judgements: [Judgement] = []
    var open: [(place: Int, sample: VerifierSample)] = []
    for problem in problems {
      let gold = comparison == .equality ? nil : gold(of: problem.row)
      for completion in problem.completions {
        guard let answer = rule.answer(in: completion.text) else {
          judgements.append(missing)
          continue
        }
        if comparison == .equality {
          open.append((judgements.count, VerifierSample(row: problem.row, completion: answer)))
          judgements.append(missing)
        } else if let gold {
          let isRight = comparison.areEqual(answer, gold)!
          judgements.append(
            Judgement(
              isRight ? .right : .wrong, reward: isRight ? 1 : 0,
              reason: isRight ? "" : "expected \(gold)", answer: answer))
        } else {
          judgements.append(.failed("the row has no '\(goldKey)'"))
        }
      }
    }
    guard !open.isEmpty else { return judgements }
    for (entry, var judgement) in zip(open, verifiers!.judge(open.map(\.sample)).judgements) {
      if judgement.verdict != .failed { judgement.answer = entry.sample.completion }
      judgements[entry.place] = judgement
    }
    return judgements
  }

  /// The row that the verifier is shown: with a tolerance, where the protocol has one.
  private func judgedRow(of problem: AnsweredProblem) -> String {
    guard case .tolerant(let share, _) = answerProtocol.method,
      let gold = gold(of: problem.row).flatMap(plainNumber),
      let json = try? JSON(parsing: problem.row, source: "row")
    else { return problem.row }
    var literal = JSONLiteral(json)
    literal["error"] = .string("\(abs(gold) * share)")
    return literal.serialized()
  }

  private func gold(of row: String) -> String? {
    guard let value = try? JSON(parsing: row, source: "row")[goldKey], !value.isNull else {
      return nil
    }
    return value.string ?? value.serialized
  }

  // MARK: Votes

  /// `[n]` which answer each sample votes for. Samples without an answer do not vote.
  ///
  /// Answers of one spelling are the same; then those of which either is right where the other is
  /// the gold answer.
  private func votes(_ answers: [String?], of problem: AnsweredProblem) -> [Int?] {
    let comparison: AnswerProtocol.Comparison =
      if case .rule(_, let comparison) = answerProtocol.method { comparison } else { .equality }
    let spellings = answers.map { answer -> String? in
      let spelling = answer.map(comparison.normalized)
      return spelling == "" ? nil : spelling
    }
    var clusters: [(representative: String, row: String)] = []
    var known: [String: Int] = [:]
    return zip(answers, spellings).map { answer, spelling in
      guard let answer, let spelling else { return nil }
      if let cluster = known[spelling] { return cluster }
      let row =
        comparison == .equality && equality != nil ? self.row(problem.row, gold: answer) : ""
      let same = clusters.firstIndex { other in
        row != "" && (isRight(answer, other.row) || isRight(other.representative, row))
      }
      let cluster = same ?? clusters.count
      if same == nil { clusters.append((answer, row)) }
      known[spelling] = cluster
      return cluster
    }
  }

  private func isRight(_ answer: String, _ row: String) -> Bool {
    equality!.judge([VerifierSample(row: row, completion: answer)]).judgements[0].verdict == .right
  }

  private func row(_ row: String, gold: String) -> String {
    guard let json = try? JSON(parsing: row, source: "row") else { return row }
    var literal = JSONLiteral(json)
    literal[goldKey] = .string(gold)
    return literal.serialized()
  }
}

/// The value of a number in decimals, with a power of ten in TeX's spelling or with `e`; `nil` for
/// anything else.
func plainNumber(_ text: String) -> Double? {
  var text = text.filter { !$0.isWhitespace && $0 != "$" && $0 != "," }
  for times in ["\\times10^", "\\cdot10^"] { text = text.replacing(times, with: "e") }
  text = text.filter { $0 != "{" && $0 != "}" }
  guard text.allSatisfy({ "0123456789+-.eE".contains($0) }) else { return nil }
  return Double(text)
}
