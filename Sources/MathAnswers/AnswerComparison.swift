/// What comparing a prediction with a gold answer gave.
public struct AnswerComparison: Sendable, Equatable {
  public enum Verdict: String, Sendable {
    case equal, different
    /// The prediction cannot be read, or uses up the budget of work.
    case unreadable
    /// The gold answer cannot be read, or uses up the budget alone.
    case goldUnreadable
  }

  public let verdict: Verdict
  /// Why, in one line; empty where the answers are equal.
  public let reason: String
  /// Steps that the comparison took; ``AnswerComparer/budget`` is the most.
  public let work: Int
}

/// Compares mathematical answers in LaTeX or plain text.
///
/// Nothing is evaluated beyond a counted budget of work, so that a result depends on the two texts
/// and the seed alone. Safe from any thread.
public struct AnswerComparer: Sendable {
  /// Steps of work that one comparison may take, about 20 ns each.
  public static let budget = Work.budget
  /// Longer answers are not read.
  public static let longestAnswer = 100_000

  /// Where identities are tested.
  public var seed: UInt64
  /// An absolute tolerance for numbers, in the place of the rules for decimals.
  public var tolerance: String?

  public init(seed: UInt64 = 0, tolerance: String? = nil) {
    (self.seed, self.tolerance) = (seed, tolerance)
  }

  /// Whether `prediction` says the same as `gold`.
  public func compare(gold: String, prediction: String) -> AnswerComparison {
    let work = Work()
    func result(_ verdict: AnswerComparison.Verdict, _ reason: String = "") -> AnswerComparison {
      AnswerComparison(verdict: verdict, reason: reason, work: Work.budget - max(work.left, 0))
    }
    let pair: AnswerPair
    do throws(Stop) {
      guard gold.utf8.count <= Self.longestAnswer else {
        return result(.goldUnreadable, "the gold answer is too long")
      }
      pair = try AnswerPair(gold: gold, prediction: prediction, work)
    } catch {
      return result(.unreadable, error.reason)
    }
    if pair.gold.isEmpty { return result(.goldUnreadable, "the gold answer is empty") }
    if pair.prediction.isEmpty { return result(.different, "the answer is empty") }
    do throws(Stop) {
      return try pair.areEqual(seed: seed(of: gold, prediction), tolerance: tolerance, work)
        ? result(.equal) : result(.different, "expected \(gold.prefix(200))")
    } catch .undefined {
      return result(.different, "it has no value")
    } catch {
      return pair.isGoldReadable
        ? result(.unreadable, error.reason)
        : result(.goldUnreadable, "the gold answer cannot be read: \(error.reason)")
    }
  }

  private func seed(of gold: String, _ prediction: String) -> UInt64 {
    var hash: UInt64 = seed ^ 0xCBF2_9CE4_8422_2325
    for byte in gold.utf8.prefix(4_096) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    for byte in prediction.utf8.prefix(4_096) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }
}

extension Stop {
  /// For people, in one line.
  var reason: String {
    switch self {
    case .budget: "comparing it takes more work than an answer may"
    case .tooLarge: "a value in it is too large"
    case .unreadable(let reason): reason
    case .undefined: "it has no value"
    case .undecided: "whether it is equal cannot be decided"
    }
  }
}
