import JSON
import Objectives

/// Compares a case of the core in double, with its intermediates, and in float32.
func compare(
  _ entry: JSON, _ objective: PolicyObjective, batch: ObjectiveCheckBatch
) throws -> WorstError {
  guard !objective.needsReference || !batch.referenceLogprobs.isEmpty else {
    throw CheckError("\(entry.path) needs 'ref_logp', which its batch does not have")
  }
  guard objective.mismatch.mode == .none || !batch.behaviourLogprobs.isEmpty else {
    throw CheckError("\(entry.path) needs 'behaviour_logp', which its batch does not have")
  }
  let expected = entry["expected"]
  let double = ObjectiveCheckOutcome(objective, batch, as: Double.self)
  let terms = double.terms
  var worst = WorstError()
  worst.compare(terms.total, expected["loss"].double, .double, at: "loss")
  try worst.compare(double.dLogits.flatMap(\.self), expected["dlogits"], .double, at: "dlogits")
  let held = terms.ratio.map { min(max($0, 1 - objective.clipLow), 1 + objective.clipHigh) }
  for (key, found) in [
    ("ratio", terms.ratio), ("seq_ratio", terms.ratio), ("kl", terms.kl),
    ("is_weight", terms.weight), ("is_coef", held), ("token_loss", terms.loss),
    ("seq_loss", terms.loss), ("token_coef", terms.coefficients), ("entropy", double.entropies),
  ] {
    try worst.compare(found, expected[key], .double, in: batch, at: key)
  }
  for (key, found) in [("clipped", terms.isClipped), ("dual_clipped", terms.isDualClipped)] {
    try worst.compare(found.map { $0 ? 1 : 0 }, expected[key], .exact, in: batch, at: key)
  }

  let float = ObjectiveCheckOutcome(objective, batch, as: Float.self)
  worst.compare(float.terms.total, expected["loss"].double, .float, at: "loss (float32)")
  try worst.compare(
    float.dLogits.flatMap(\.self), expected["dlogits"], .float, at: "dlogits (float32)")
  return worst
}

/// What the objective gives on a batch, with numbers of one width from the logits to the gradient.
private struct ObjectiveCheckOutcome {
  let terms: TokenTerms
  let entropies: [Double]
  /// `[rows * length][V]`
  let dLogits: [[Double]]

  /// With every column and the gradient rounded to `Scalar`.
  init<Scalar: BinaryFloatingPoint>(
    _ objective: PolicyObjective, _ batch: ObjectiveCheckBatch, as: Scalar.Type
  ) {
    func rounded(_ column: [Double]) -> [Double] { column.map { Double(Scalar($0)) } }
    let distributions = batch.distributions(as: Scalar.self)
    entropies = distributions.map(\.entropy)
    let columns = TokenColumns(
      offsets: batch.offsets, mask: batch.mask, advantages: rounded(batch.advantages),
      logprobs: rounded(zip(distributions, batch.tokens).map { $0.logprobs[$1] }),
      oldLogprobs: rounded(batch.oldLogprobs),
      behaviourLogprobs: batch.behaviourLogprobs.isEmpty ? nil : rounded(batch.behaviourLogprobs),
      referenceLogprobs: batch.referenceLogprobs.isEmpty ? nil : rounded(batch.referenceLogprobs))
    terms = objective.terms(columns, denominators: batch.denominators)
    dLogits = zip(zip(distributions, batch.tokens), terms.dLogprob).map { row, slope in
      row.0.dLogits(token: row.1, dLogprob: Scalar(slope), dEntropy: 0).map { Double($0) }
    }
  }
}

/// The keys of a `hyper` block that the core reads; the others are the owner's.
let coreKeys: Set<String> = [
  "eps_low", "eps_high", "dual_clip_c", "delta", "agg", "norm", "empty_seq", "kl_coef", "kl_type",
  "is_mode", "is_max", "is_min",
]

extension PolicyObjective {
  /// The objective that a case describes; null means unset.
  ///
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for one that temper does not offer.
  init(_ entry: JSON) throws(ObjectiveError) {
    let hyper = entry["hyper"]
    self.init()
    switch entry["objective"].string {
    case "gspo": self = ObjectivePreset.gspo.objective
    case "sequence_ratio":
      self = ObjectivePreset.rloo.objective
      (klCoefficient, klEstimator, klPlacement) = (0, .k3, .loss)
    case "cispo": surrogate = .cispo
    default: break
    }
    if let low = hyper["eps_low"].double { clipLow = low }
    if let high = hyper["eps_high"].double { clipHigh = high }
    if surrogate == .cispo, hyper["form"].string == "cap" {
      (clipLow, clipHigh) = (1, (hyper["eps_max"].double ?? 5) - 1)
    }
    dualClip = hyper["dual_clip_c"].double
    delta = hyper["delta"].double
    norm = hyper["norm"].double
    klCoefficient = hyper["kl_coef"].double ?? klCoefficient
    mismatch.mode = try Self.choice(hyper["is_mode"], "is_mode") ?? .none
    (mismatch.maximum, mismatch.minimum) = (hyper["is_max"].double, hyper["is_min"].double)
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
