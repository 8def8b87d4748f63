/// How often each of the given numbers may be used.
public enum NumberUse: String, Sendable, CaseIterable {
  /// Each exactly once.
  case all
  /// Each at most once.
  case subset

  /// What is wrong with the literals of an expression; `nil` where nothing is.
  public func fault(in literals: [String], numbers: [String]) -> String? {
    var left = numbers
    for literal in literals {
      guard let index = left.firstIndex(of: literal) else {
        return numbers.contains(literal)
          ? "\(literal) is used too often" : "\(literal) is not among the numbers"
      }
      left.remove(at: index)
    }
    guard self == .all, let unused = left.first else { return nil }
    return "\(unused) is not used"
  }
}
