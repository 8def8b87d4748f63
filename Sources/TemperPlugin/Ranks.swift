/// Ascending ranks from 1; equal values share the mean of theirs.
public func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var first = 0
  while first < order.count {
    var end = first + 1
    while end < order.count, values[order[end]] == values[order[first]] { end += 1 }
    for place in order[first..<end] { ranks[place] = Double(first + 1 + end) / 2 }
    first = end
  }
  return ranks
}

/// Pearson's correlation; `nil` where one of the series does not vary.
public func correlation(_ a: [Double], _ b: [Double]) -> Double? {
  precondition(a.count == b.count, "\(a.count) values beside \(b.count)")
  guard let meanA = a.mean, let meanB = b.mean else { return nil }
  var (aa, ab, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    let (x, y) = (x - meanA, y - meanB)
    (aa, ab, bb) = (aa + x * x, ab + x * y, bb + y * y)
  }
  let product = aa * bb  // exact where the two are one series
  let scale =
    product.isNormal ? product.squareRoot() : aa.squareRoot() * bb.squareRoot()
  guard scale > 0, scale.isFinite else { return nil }
  return min(max(ab / scale, -1), 1)
}

/// Spearman's correlation, of ranks; `nil` where one of the series does not vary.
public func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double? {
  correlation(ranks(a), ranks(b))
}

/// How often the score of a positive is above that of a negative, equal ones counted half: the area
/// under the ROC curve. `nil` unless there are both.
public func separability(_ scores: [Double], isPositive: [Bool]) -> Double? {
  precondition(
    scores.count == isPositive.count, "\(scores.count) scores, \(isPositive.count) flags")
  let positives = isPositive.count(where: \.self)
  let negatives = isPositive.count - positives
  guard positives > 0, negatives > 0 else { return nil }
  let sum = zip(ranks(scores), isPositive).reduce(0.0) { $1.1 ? $0 + $1.0 : $0 }
  let least = Double(positives) * Double(positives + 1) / 2
  return (sum - least) / (Double(positives) * Double(negatives))
}
