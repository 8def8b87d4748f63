/// Words that say the same.
enum Phrases {
  /// What a problem without solutions has.
  static let nothingExists: Set<String> = [
    "no solution", "no solutions", "none", "empty set", "the empty set", "no real solution",
    "no real solutions", "there is no solution", "there are no solutions",
  ]

  static let allReals: Set<String> = [
    "all real numbers", "all reals", "the real numbers", "real numbers",
  ]

  private static let groups: [Set<String>] = [
    ["does not exist", "dne", "doesn't exist", "d.n.e"], ["undefined", "not defined"],
    ["infinitely many", "infinitely many solutions", "infinite solutions"],
  ]

  static func areSame(_ a: String, _ b: String) -> Bool {
    groups.contains { $0.contains(a) && $0.contains(b) }
  }
}
