/// Why a judgement stopped early.
enum Stop: Error, Equatable {
  /// The budget of work is used up.
  case budget
  /// A value would need more memory than a value may have, or an expanded form more terms.
  case tooLarge
  /// The text is not of a form that is understood.
  case unreadable(String)
  /// A division by zero, or another value that does not exist.
  case undefined
  /// Every test that was tried leaves it open.
  case undecided
}

/// The budget of one judgement: counted steps, so that a result depends on the two texts alone and
/// never on the machine or its load.
final class Work {
  /// About 20 ns each; 400,000 are a few milliseconds.
  static let budget = 400_000

  private static let deepest = 500

  private(set) var left: Int
  private var depth = 0

  init(_ budget: Int = Work.budget) { left = budget }

  @inline(__always)
  func spend(_ steps: Int = 1) throws(Stop) {
    left &-= steps
    if left < 0 { throw .budget }
  }

  /// Counts a level of recursion; ``ascend()`` ends it.
  @inline(__always)
  func descend() throws(Stop) {
    depth += 1
    if depth > Self.deepest { throw .unreadable("it is nested too deep") }
  }

  @inline(__always)
  func ascend() { depth -= 1 }
}
