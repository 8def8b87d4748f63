import Trajectories

/// One completion to be judged.
public struct VerifierSample: Sendable, Equatable {
  /// The task's whole row as JSON, with its gold answer.
  public var row: String
  /// The rendered prompt.
  public var prompt: String
  /// The decoded completion, without its end token or stop string; of an episode all of it, with
  /// what the environment said.
  public var completion: String
  /// The ids that the model wrote, the end token included.
  public var tokens: [Int32]

  public init(row: String, prompt: String = "", completion: String, tokens: [Int32] = []) {
    (self.row, self.prompt, self.completion, self.tokens) = (row, prompt, completion, tokens)
  }
}

/// Turns completions into verdicts and rewards.
public protocol Verifier: Sendable {
  /// What the user calls it; metrics carry this name.
  var name: String { get }

  /// One judgement a sample, in order. Called from many threads at once; what it gives depends on
  /// the sample alone. It never throws: what goes wrong is a ``Verdict/failed`` with its reason.
  func judge(_ samples: [VerifierSample]) -> [Judgement]

  /// What the verifier itself measured since the last call, as `<name>/<quantity>`.
  func takeMetrics() -> [VerifierMetric]
}

extension Verifier {
  public func takeMetrics() -> [VerifierMetric] { [] }
}

/// A named number for the step's record.
public struct VerifierMetric: Sendable, Equatable {
  public let name: String
  public let value: Double

  public init(_ name: String, _ value: Double) { (self.name, self.value) = (name, value) }
}

/// The reward of each verdict that has one.
public struct VerdictRewards: Sendable, Equatable {
  public var right: Float
  public var wrong: Float
  public var unparsable: Float

  /// - Parameter unparsable: that of wrong where it is `nil`.
  public init(right: Float = 1, wrong: Float = 0, unparsable: Float? = nil) {
    (self.right, self.wrong, self.unparsable) = (right, wrong, unparsable ?? wrong)
  }

  func right(answer: String) -> Judgement { Judgement(.right, reward: right, answer: answer) }

  func wrong(_ reason: String, answer: String? = nil) -> Judgement {
    Judgement(.wrong, reward: wrong, reason: reason, answer: answer)
  }

  func unparsable(_ reason: String, answer: String? = nil) -> Judgement {
    Judgement(.unparsable, reward: unparsable, reason: reason, answer: answer)
  }
}
