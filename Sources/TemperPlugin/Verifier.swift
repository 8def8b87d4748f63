/// Judges completions. One instance serves many threads at once, so a verifier is a value that
/// judging does not change.
public protocol Verifier: Plugin {
  /// What the completion is worth: a function of the sample and the configuration alone.
  ///
  /// An error that is thrown becomes the verdict *failed* for this sample, so a broken task row
  /// can simply throw.
  func judge(_ sample: Sample) throws -> Judgement
}

/// What a verifier says of one completion.
public struct Judgement: Sendable {
  public enum Verdict: Sendable { case right, wrong, unparsable, failed }

  public var verdict: Verdict
  /// `nil` for the verdict's own reward: 1 for right and 0 otherwise, or what the user set where
  /// the configuration is a ``RewardConfiguration``. A failed verdict has none.
  public var reward: Float?
  /// Why, in one line.
  public var reason: String
  /// The answer that was read from the completion.
  public var answer: String

  public init(_ verdict: Verdict, reward: Float? = nil, reason: String = "", answer: String = "") {
    (self.verdict, self.reward, self.reason, self.answer) = (verdict, reward, reason, answer)
  }

  public static func right(answer: String = "", reward: Float? = nil) -> Judgement {
    Judgement(.right, reward: reward, answer: answer)
  }

  /// An answer was read, and it differs.
  public static func wrong(
    _ reason: String = "", answer: String = "", reward: Float? = nil
  ) -> Judgement {
    Judgement(.wrong, reward: reward, reason: reason, answer: answer)
  }

  /// No answer was found, it cannot be read, or it uses up the budget of work.
  public static func unparsable(
    _ reason: String, answer: String = "", reward: Float? = nil
  ) -> Judgement {
    Judgement(.unparsable, reward: reward, reason: reason, answer: answer)
  }

  /// Not the completion's fault: a broken task row, a missing tool. The sample leaves its group.
  public static func failed(_ reason: String) -> Judgement { Judgement(.failed, reason: reason) }
}

/// Settings that let the user say what each verdict earns.
public protocol RewardConfiguration: PluginConfiguration {
  var right: Float { get }
  var wrong: Float { get }
  /// That of wrong where it is `nil`.
  var unparsable: Float? { get }
}

/// The rewards of judgements that name none.
struct Rewards: Sendable {
  var right: Float = 1
  var wrong: Float = 0
  var unparsable: Float = 0

  init(_ configuration: some PluginConfiguration) {
    guard let settings = configuration as? any RewardConfiguration else { return }
    (right, wrong) = (settings.right, settings.wrong)
    unparsable = settings.unparsable ?? settings.wrong
  }

  func reward(of judgement: Judgement) -> Float {
    switch judgement.verdict {
    case .right: judgement.reward ?? right
    case .wrong: judgement.reward ?? wrong
    case .unparsable: judgement.reward ?? unparsable
    case .failed: 0
    }
  }
}
