import EntropyControl
import JSON
import Metrics
import Objectives
import Trajectories

/// The plugins that own cases.
struct ShippedInterventions {
  let make: (_ name: String, _ configuration: JSONLiteral) throws -> (any EntropyIntervention)?

  /// A run with the plugin `name` alone.
  ///
  /// - Throws: ``SkippedCase`` where it is not shipped.
  func run(_ name: String, _ configuration: [JSONLiteral.Member]) throws -> InterventionSet {
    let intervention: (any EntropyIntervention)?
    do {
      intervention = try make(name, .object(configuration))
    } catch {
      // A null is a value to few keys, and to all others it says that they are unset.
      let set = configuration.filter { $0.value != .null }
      guard set.count < configuration.count else { throw error }
      intervention = try make(name, .object(set))
    }
    guard let intervention else {
      throw SkippedCase("the plugin '\(name)' owns it, which is not shipped")
    }
    return try InterventionSet([intervention])
  }
}

/// Compares a case of a plugin in float32, with the intermediates that the plugin reports.
func compare(
  _ entry: JSON, _ objective: PolicyObjective, batch: ObjectiveCheckBatch,
  _ plugins: ShippedInterventions, _ name: String
) throws -> WorstError {
  var worst = WorstError()
  do {
    let own = (entry["hyper"].object ?? []).filter { !coreKeys.contains($0.key) }
    let run = try plugins.run(name, own.map { JSONLiteral.Member($0.key, JSONLiteral($0.value)) })
    let outcome = try InterventionOutcome(entry, objective, batch, run)
    try worst.compare(outcome, with: entry, batch: batch, plugin: name)
  } catch let error where !(error is SkippedCase || error is CheckError) {
    worst.fail("\(error)")
  }
  return worst
}

/// An optimizer step on a batch with an intervention at work.
private struct InterventionOutcome {
  let loss: Double
  let coefficients: [Double]
  /// Of every token that the batch trains on, whatever the intervention left of them.
  let terms: TokenTerms
  let entropies: [Double]
  /// `[rows * length][V]`
  let dLogits: [[Double]]
  let columns: [String: [Float]]
  private let metrics: StepMetrics

  init(
    _ entry: JSON, _ objective: PolicyObjective, _ checked: ObjectiveCheckBatch,
    _ run: InterventionSet
  ) throws {
    var batch = try checked.tokenBatch(observers: run.observers)
    let prepared = try run.prepare(
      StepPosition(entry, objective, checked), &batch, objective.shaping(count: batch.count),
      coefficients: objective.coefficients)
    let additions = try prepared.additions(batch)
    let result = try objective.evaluate(batch, shaping: prepared.shaping, additions: additions)
    coefficients = prepared.coefficients.map(Double.init)
    var unmasked = TokenColumns(batch)
    unmasked.mask = checked.mask
    terms = objective.terms(
      unmasked,
      shaping: TokenShaping(of: objective, count: batch.count, shaping: prepared.shaping),
      denominators: checked.denominators)
    entropies = batch.entropies.map(Double.init)
    var loss = result.loss
    dLogits = try checked.distributions(as: Float.self).enumerated().map { t, distribution in
      var gradient = distribution.dLogits(
        token: checked.tokens[t], dLogprob: result.dLogprob[t], dEntropy: result.dEntropy[t])
      guard prepared.wants(t) else { return gradient.map(Double.init) }
      var added = [Float](repeating: 0, count: gradient.count)
      try distribution.logprobs.withRow(.current, checked.tokens[t], distribution.entropy) { row in
        try added.withUnsafeMutableBufferPointer {
          loss += try prepared.differentiate(row, token: t, into: $0)
        }
      }
      for v in gradient.indices { gradient[v] += added[v] / Float(checked.temperature) }
      return gradient.map(Double.init)
    }
    self.loss = loss
    let reported = run.members.flatMap { $0.takeColumns() }
    columns = Dictionary(reported.map { ($0.name, $0.values) }) { $1 }
    metrics = run.members.reduce(into: StepMetrics()) { $0.merge($1.takeMetrics()) }
  }

  func metric(_ name: String) -> Double? { MetricName(rawValue: name).flatMap { metrics[$0] } }
}

extension WorstError {
  /// Compares loss and gradient, what the core knows of the step, and what the plugin reports of
  /// the case's other quantities.
  fileprivate mutating func compare(
    _ outcome: InterventionOutcome, with entry: JSON, batch: ObjectiveCheckBatch, plugin: String
  ) throws {
    let expected = entry["expected"]
    let terms = outcome.terms
    compare(outcome.loss, expected["loss"].double, .float, at: "loss")
    try compare(outcome.dLogits.flatMap(\.self), expected["dlogits"], .float, at: "dlogits")
    for (key, found) in [
      ("ratio", terms.ratio), ("token_coef", outcome.coefficients), ("entropy", outcome.entropies),
    ] {
      try compare(found, expected[key], .float, in: batch, at: key)
    }
    for (key, found) in [("clipped", terms.isClipped), ("dual_clipped", terms.isDualClipped)] {
      try compare(found.map { $0 ? 1 : 0 }, expected[key], .exact, in: batch, at: key)
    }
    for (key, value) in expected.object ?? [] {
      let name = "\(plugin)/\(key)"
      if let column = outcome.columns[name] {
        let tolerance = flags.contains(key) ? Tolerance.exact : .float
        try compare(column.map(Double.init), value, tolerance, in: batch, at: name)
      } else if let number = value.double, let metric = outcome.metric(name) {
        compare(metric, number, .float, at: name)
      }
    }
  }
}

/// Intermediates that are 0 or 1, or counts.
private let flags: Set<String> = [
  "candidate", "selected", "dropped", "kept", "peak", "above", "below", "nucleus_size",
]

extension StepPosition {
  /// The first step of a run with the case's settings.
  fileprivate init(_ entry: JSON, _ objective: PolicyObjective, _ batch: ObjectiveCheckBatch) {
    self.init(step: 1, totalSteps: 1, rollout: 1, update: 0)
    temperature = batch.temperature
    clipLow = objective.clipLow
    clipHigh = objective.clipHigh
    dualClip = objective.dualClip
    clipIsExplicit = !entry["hyper"]["eps_low"].isNull || !entry["hyper"]["eps_high"].isNull
  }
}

extension ObjectiveCheckBatch {
  /// The columns that the engine would have, padding among them, and what `observers` note of the
  /// rows.
  fileprivate func tokenBatch(observers: [any RowObserver]) throws -> TokenBatch {
    let current = distributions(as: Float.self)
    var batch = TokenBatch(
      prompts: Array(repeating: [], count: rows),
      completions: (0..<rows).map { row in
        tokens[offsets[row]..<offsets[row + 1]].map(Int32.init)
      })
    batch.turns = turns
    batch.mask = mask
    batch.advantages = advantages.map(Float.init)
    batch.logprobs = zip(current, tokens).map { Float($0.logprobs[$1]) }
    batch.entropies = current.map { Float($0.entropy) }
    batch.oldLogprobs = oldLogprobs.map(Float.init)
    batch.oldEntropies = oldEntropies.map(Float.init)
    batch.behaviourLogprobs =
      behaviourLogprobs.isEmpty ? batch.oldLogprobs : behaviourLogprobs.map(Float.init)
    batch.referenceLogprobs = referenceLogprobs.isEmpty ? nil : referenceLogprobs.map(Float.init)
    batch.observed = try observers.map { observer in
      let rows = observer.moment == .old ? oldLogits : logits
      guard rows.count == tokens.count else {
        throw CheckError("\(path) has no 'old_logits', which the case's plugin asks for")
      }
      var observed = ObservedRows(width: observer.width)
      for (logits, token) in zip(rows, tokens) {
        let distribution = TokenDistribution(
          logits: logits.map { Float($0) }, temperature: temperature)
        observed.append(try observer.note(distribution, token))
      }
      return observed
    }
    return batch
  }
}

extension RowObserver {
  fileprivate func note(_ row: TokenDistribution<Float>, _ token: Int) throws -> ObservedRows {
    var floats = [Float](repeating: 0, count: width)
    let bytes = try floats.withUnsafeMutableBufferPointer { floats in
      try row.logprobs.withRow(moment, token, row.entropy) { try observe($0, into: floats) }
    }
    return ObservedRows(width: width, values: floats, bytes: [bytes])
  }
}

extension [Double] {
  /// Log-probabilities as the row that an intervention is shown.
  fileprivate func withRow<Result>(
    _ moment: LogprobRow.Moment, _ token: Int, _ entropy: Double,
    _ body: (LogprobRow) throws -> Result
  ) rethrows -> Result {
    try map { Float($0) }.withUnsafeBufferPointer { logprobs in
      try body(
        LogprobRow(
          moment: moment, token: Int32(token), logprob: logprobs[token], entropy: Float(entropy),
          logprobs: logprobs))
    }
  }
}
