/// The chance that at least one of `k` samples is right, without bias, from `correct` of `count`.
///
/// `1 - C(n - c, k) / C(n, k)`. Chen et al. 2021, "Evaluating Large Language Models Trained on
/// Code" (arXiv:2107.03374), equation 1.
public func passAtK(count n: Int, correct c: Int, k: Int) -> Double {
  checkDraw(n, c, k)
  guard n - c >= k else { return 1 }
  var miss = 1.0
  for i in (n - c + 1)..<(n + 1) where c > 0 { miss *= 1 - Double(k) / Double(i) }
  return 1 - miss
}

/// The chance that all of `k` samples are right: `C(c, k) / C(n, k)`.
///
/// Yao et al. 2024, "tau-bench" (arXiv:2406.12045), where it is called pass^k.
public func allOfK(count n: Int, correct c: Int, k: Int) -> Double {
  checkDraw(n, c, k)
  return (0..<k).reduce(1) { $0 * Double(max(c - $1, 0)) / Double(n - $1) }
}

/// G-Pass@k: the chance that at least `threshold` of `k` samples are right, and one at least.
///
/// Liu et al. 2024, "Are Your LLMs Capable of Stable Reasoning?" (arXiv:2412.13147), equation 4.
///
/// - Parameter threshold: a share in `0...1`.
public func gPassAtK(count n: Int, correct c: Int, k: Int, threshold: Double) -> Double {
  let wanted = max(Int((threshold * Double(k)).rounded(.up)), 1)
  return rightAmong(k, count: n, correct: c).dropFirst(wanted).reduce(0, +)
}

/// mG-Pass@k: `2/k` times the sum of the chances of at least `i` right ones, for i from
/// `ceil(k/2) + 1` to `k`; the same paper, equation 6.
public func meanGPassAtK(count n: Int, correct c: Int, k: Int) -> Double {
  let chances = rightAmong(k, count: n, correct: c)
  let first = (k + 1) / 2 + 1
  // The chance of exactly j right ones stands in the tails of i = first...j.
  let sum = chances.indices.dropFirst(first).reduce(0) { $0 + Double($1 - first + 1) * chances[$1] }
  return 2 / Double(k) * sum
}

/// `[k + 1]` the chance of each number of right ones among `k` samples drawn without putting back.
///
/// Drawn one by one: sums of positive terms, so no digit is lost and nothing overflows.
private func rightAmong(_ k: Int, count n: Int, correct c: Int) -> [Double] {
  checkDraw(n, c, k)
  var chances = [1.0] + [Double](repeating: 0, count: k)
  for drawn in 0..<k {
    let left = Double(n - drawn)
    for right in stride(from: min(drawn, c), through: 0, by: -1) {
      let chance = chances[right]
      chances[right] = chance * Double(max(n - c - (drawn - right), 0)) / left
      chances[right + 1] += chance * Double(c - right) / left
    }
  }
  return chances
}

private func checkDraw(_ n: Int, _ c: Int, _ k: Int) {
  precondition(k > 0 && k <= n && c >= 0 && c <= n, "\(k) samples of \(c) right in \(n)")
}
