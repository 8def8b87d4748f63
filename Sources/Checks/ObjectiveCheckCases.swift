import JSON
import Objectives

/// Compares one case in double, with its intermediates, and in float32.
func compare(
  _ entry: JSON, _ objective: PolicyObjective, batch: ObjectiveCheckBatch
) throws -> WorstError {
  guard !objective.needsReference || !batch.referenceLogprobs.isEmpty else {
    throw CheckError("\(entry.path) needs 'ref_logp', which its batch does not have")
  }
  let expected = entry["expected"]
  let double = ObjectiveCheckOutcome(objective, batch)
  var worst = WorstError()
  worst.compare(double.terms.total, expected["loss"].double, .double, at: "loss")
  try worst.compare(double.dLogits.flatMap(\.self), expected["dlogits"], .double, at: "dlogits")
  for (key, found) in [
    ("ratio", double.terms.ratio), ("kl", double.terms.kl), ("token_loss", double.terms.loss),
    ("token_coef", double.terms.coefficients),
  ] {
    try worst.compare(found, expected[key], .double, where: batch.mask, at: key)
  }
  for (key, found) in [
    ("clipped", double.terms.isClipped), ("dual_clipped", double.terms.isDualClipped),
  ] {
    try worst.compare(found.map { $0 ? 1 : 0 }, expected[key], .exact, where: batch.mask, at: key)
  }

  let float = ObjectiveCheckOutcome(objective, batch, as: Float.self)
  worst.compare(float.terms.total, expected["loss"].double, .float, at: "loss (float32)")
  try worst.compare(
    float.dLogits.flatMap(\.self), expected["dlogits"], .float, at: "dlogits (float32)")
  return worst
}

extension PolicyObjective {
  /// The objective that a `hyper` block describes; null means unset.
  ///
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for one that temper does not offer.
  init(hyper: JSON) throws(ObjectiveError) {
    self.init()
    if let low = hyper["eps_low"].double { clipLow = low }
    if let high = hyper["eps_high"].double { clipHigh = high }
    dualClip = hyper["dual_clip_c"].double
    norm = hyper["norm"].double
    klCoefficient = hyper["kl_coef"].double ?? 0
    aggregation = try Self.choice(hyper["agg"], "agg") ?? aggregation
    emptySequences = try Self.choice(hyper["empty_seq"], "empty_seq") ?? emptySequences
    klEstimator = try Self.choice(hyper["kl_type"], "kl_type") ?? klEstimator
    try validate()
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ json: JSON, _ key: String
  ) throws(ObjectiveError) -> Choice? where Choice.RawValue == String {
    if json.isNull { return nil }
    if let choice = json.string.flatMap(Choice.init) { return choice }
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw .setting(key: key, value: json.summary, remedy: "known are \(known)")
  }
}
