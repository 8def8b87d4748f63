/// The chance that at least one of `k` samples is right, without bias, from `correct` of `count`.
///
/// `1 - C(n - c, k) / C(n, k)`. Chen et al. 2021, "Evaluating Large Language Models Trained on
/// Code" (arXiv:2107.03374), equation 1.
public func passAtK(count n: Int, correct c: Int, k: Int) -> Double {
  precondition(k > 0 && k <= n && c >= 0 && c <= n, "pass@\(k) of \(c) right in \(n)")
  guard n - c >= k else { return 1 }
  var miss = 1.0
  for i in (n - c + 1)..<(n + 1) where c > 0 { miss *= 1 - Double(k) / Double(i) }
  return 1 - miss
}
