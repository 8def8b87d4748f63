import JSON
import Objectives

/// A named batch of `objectives.json`: rows of equal length, padding masked.
struct ObjectiveCheckBatch {
  let rows: Int
  /// Tokens of a row, padding included.
  let length: Int
  /// `[rows * length][V]` raw, under the current policy.
  let logits: [[Double]]
  let tokens: [Int]
  let temperature: Double
  let mask: [UInt8]
  let advantages: [Double]
  let oldLogprobs: [Double]
  /// Empty where the batch has none.
  let referenceLogprobs: [Double]

  init(_ json: JSON) throws {
    let logits = try json["logits"].requireArray()
    rows = logits.count
    self.logits = try logits.flatMap { row in
      try row.requireArray().map { position in
        guard let values = position.doubles, !values.isEmpty else {
          throw CheckError("\(position.path) must be a row of numbers")
        }
        return values
      }
    }
    let count = self.logits.count
    let length = logits.isEmpty ? 0 : count / logits.count
    self.length = length
    func column(_ key: String) throws -> [Double] {
      let values = flattened(json[key])
      guard values.count == count else {
        throw CheckError("\(json.path).\(key) has \(values.count) elements for \(count) tokens")
      }
      return values
    }
    guard logits.allSatisfy({ $0.array!.count == length }) else {
      throw CheckError("\(json.path).logits has rows of different lengths")
    }
    tokens = try column("tokens").map { Int($0) }
    mask = try column("mask").map { $0 == 0 ? 0 : 1 }
    advantages = try column("advantages")
    oldLogprobs = try column("old_logp")
    referenceLogprobs = json["ref_logp"].isNull ? [] : try column("ref_logp")
    temperature = json["temperature"].double ?? 1
    for (t, token) in tokens.enumerated() where !self.logits[t].indices.contains(token) {
      throw CheckError("\(json.path).tokens: \(token) is outside of \(self.logits[t].count) logits")
    }
  }

  var offsets: [Int] { (0...rows).map { $0 * length } }
}

/// What the objective gives on a batch, with numbers of one width from the logits to the gradient.
struct ObjectiveCheckOutcome {
  let terms: TokenTerms
  /// `[rows * length][V]`
  let dLogits: [[Double]]

  /// Everything in double.
  init(_ objective: PolicyObjective, _ batch: ObjectiveCheckBatch) {
    self.init(objective, batch, as: Double.self)
  }

  /// With every column and the gradient rounded to `Scalar`.
  init<Scalar: BinaryFloatingPoint>(
    _ objective: PolicyObjective, _ batch: ObjectiveCheckBatch, as: Scalar.Type
  ) {
    func rounded(_ column: [Double]) -> [Double] { column.map { Double(Scalar($0)) } }
    let distributions = batch.logits.map {
      TokenDistribution(logits: $0.map { Scalar($0) }, temperature: batch.temperature)
    }
    let columns = TokenColumns(
      offsets: batch.offsets, mask: batch.mask, advantages: rounded(batch.advantages),
      logprobs: rounded(zip(distributions, batch.tokens).map { $0.logprobs[$1] }),
      oldLogprobs: rounded(batch.oldLogprobs),
      referenceLogprobs: batch.referenceLogprobs.isEmpty
        ? nil : rounded(batch.referenceLogprobs))
    terms = objective.terms(
      columns, denominators: StepDenominators(offsets: batch.offsets, mask: batch.mask))
    dLogits = zip(zip(distributions, batch.tokens), terms.dLogprob).map { row, slope in
      row.0.dLogits(token: row.1, dLogprob: Scalar(slope), dEntropy: 0).map { Double($0) }
    }
  }
}
