/// The exact McNemar test: whether two models differ on problems that each solves or not.
///
/// Only problems that exactly one of them solves say anything; without a difference each of those
/// is as likely to be the one's as the other's.
///
/// - Parameters:
///   - first: problems that only the first solves.
///   - second: problems that only the second solves.
/// - Returns: the two-sided p-value, at most 1.
public func mcNemar(onlyFirst first: Int, onlySecond second: Int) -> Double {
  precondition(first >= 0 && second >= 0, "\(first) and \(second) discordant problems")
  let (few, all) = (min(first, second), first + second)
  // C(all, few) / 2^all, halved on the way so that it neither overflows nor vanishes too early.
  var (term, halvings) = (1.0, 0)
  for i in 0..<few {
    term *= Double(all - i) / Double(i + 1)
    while term > 1, halvings < all {
      term /= 2
      halvings += 1
    }
  }
  while halvings < all, term > 0 {
    term /= 2
    halvings += 1
  }
  // The terms below it, down to none.
  var sum = term
  for i in stride(from: few, to: 0, by: -1) {
    term *= Double(i) / Double(all - i + 1)
    sum += term
  }
  return min(1, 2 * sum)
}
