import EntropyControl
import Models
import Objectives
import Optimizers
import Tensors
import Trajectories

/// The model under training, with the temperature that its log-probabilities are taken at.
///
/// A batch is run in micro-batches of whole sequences; how many is a matter of memory.
public final class Policy {
  public let model: Transformer
  public let temperature: Float
  let memory: GRPOSettings.Memory

  public init(_ model: Transformer, temperature: Float, memory: GRPOSettings.Memory) {
    (self.model, self.temperature, self.memory) = (model, temperature, memory)
  }

  /// The parameters as an optimizer takes them.
  public var slots: [ParameterSlot] {
    model.parameters.map { parameter in
      ParameterSlot(
        name: parameter.name, shape: parameter.shape, value: parameter.value,
        gradient: parameter.gradient, decays: parameter.decays)
    }
  }

  /// Log-probabilities and entropies of every token of `batch`, `[N]`, and what observers note; 0
  /// where the model is not the author.
  public func score(
    _ batch: TokenBatch, observers: [any RowObserver] = []
  ) throws -> TokenScores {
    let zeros = [Float](repeating: 0, count: batch.count)
    var all = TokenScores(logprobs: zeros, entropies: zeros)
    all.observed = observers.map { .blank(batch.count, width: $0.width) }
    for sequences in microBatches(of: Array(0..<batch.sequenceCount), batch) {
      let scores = try naming(sequences) {
        try model.score(
          pack(sequences, of: batch), temperature: temperature, observers: observers)
      }
      for (scored, token) in sequences.flatMap(batch.scored).enumerated() {
        all.logprobs[token] = scores.logprobs[scored]
        all.entropies[token] = scores.entropies[scored]
        for (place, rows) in scores.observed.enumerated() {
          all.observed[place].set(token, to: scored, of: rows)
        }
      }
    }
    return all
  }

  /// Adds the gradient of the loss to the model's gradients.
  ///
  /// Sequences without a slope or a row teach nothing and are left out.
  ///
  /// - Parameters:
  ///   - rows: has what the loss is made of besides `result`.
  ///   - kept: a pass over this batch since the last update, which spares its own where the same
  ///     sequences are taught.
  ///   - logits: takes those of its tokens on the way.
  /// - Throws: ``NonFiniteScore``, or what `rows` throws.
  func gradients(
    _ batch: TokenBatch, _ result: ObjectiveResult, rows: PreparedStep? = nil,
    reusing kept: KeptPass? = nil, noting logits: LogitRows? = nil
  ) throws -> GradientReport {
    let taught = taught(batch, result, rows)
    var report = GradientReport()
    for sequences in microBatches(of: taught, batch) {
      let columns = sequences.flatMap(batch.scored)
      var watch = Stopwatch()
      let pass =
        kept?.sequences == sequences ? kept!.pass : forward(sequences, of: batch)
      report.forwardSeconds += watch.lap()
      let scores = try naming(sequences) {
        try pass.backward(
          dLogprob: columns.map { result.dLogprob[$0] },
          dEntropy: columns.map { result.dEntropy[$0] },
          rows: rows.flatMap { $0.loss(of: columns) },
          onLogits: { logits?.take($1, of: columns[$0]) })
      }
      report.backwardSeconds += watch.lap()
      for (logprob, column) in zip(scores.logprobs, columns) {
        report.forwardGap = max(report.forwardGap, abs(logprob - batch.logprobs[column]))
      }
      for loss in scores.rowLosses { report.rowLoss += loss }
    }
    return report
  }

  /// The sequences with a slope or a row.
  func taught(_ batch: TokenBatch, _ result: ObjectiveResult, _ rows: PreparedStep?) -> [Int] {
    (0..<batch.sequenceCount).filter { sequence in
      batch.range(sequence).contains {
        result.dLogprob[$0] != 0 || result.dEntropy[$0] != 0 || rows?.wants($0) ?? false
      }
    }
  }

  /// Adds the gradient of `-weight * sum(logprob)` and returns that loss.
  ///
  /// - Throws: ``NonFiniteScore``.
  public func crossEntropy(_ batch: TokenBatch, weight: Double) throws -> Double {
    var loss = 0.0
    for sequences in microBatches(of: Array(0..<batch.sequenceCount), batch) {
      let count = sequences.reduce(0) { $0 + batch.scored(in: $1).count }
      let scores = try naming(sequences) {
        try model.accumulateGradients(
          pack(sequences, of: batch), temperature: temperature,
          dLogprob: Array(repeating: Float(-weight), count: count),
          dEntropy: Array(repeating: 0, count: count), recompute: memory.recompute)
      }
      for logprob in scores.logprobs { loss -= weight * Double(logprob) }
    }
    return loss
  }

  // MARK: Micro-batches

  func forward(_ sequences: [Int], of batch: TokenBatch) -> ForwardPass {
    model.forward(
      pack(sequences, of: batch), temperature: temperature, recompute: memory.recompute)
  }

  func pack(_ sequences: [Int], of batch: TokenBatch) -> SequencePack {
    var pack = SequencePack()
    var rest = sequences[...]
    while let first = rest.first {
      let prompt = batch.prompts[first]
      let group = rest.prefix { batch.prompts[$0] == prompt }
      let completions = group.map { sequence in
        let range = batch.range(sequence)
        return (
          tokens: Array(batch.tokens[range]),
          scored: batch.scored(in: sequence).map { $0 - range.lowerBound }
        )
      }
      pack.append(prompt: prompt, completions: completions)
      rest = rest.dropFirst(group.count)
    }
    return pack
  }

  func microBatches(of sequences: [Int], _ batch: TokenBatch) -> [[Int]] {
    var parts: [[Int]] = []
    var room = 0
    for sequence in sequences {
      let prompt = batch.prompts[sequence]
      let isShared = parts.last?.last.map { batch.prompts[$0] == prompt } ?? false
      var tokens = batch.range(sequence).count + (isShared ? 0 : prompt.count)
      if parts.isEmpty || tokens > room {
        parts.append([])
        // A prompt that fills the pass would run again for each of its completions.
        room = max(memory.microBatchTokens, 2 * prompt.count)
        if isShared { tokens += prompt.count }
      }
      parts[parts.count - 1].append(sequence)
      room -= tokens
    }
    return parts
  }

  /// Turns the place of a number that is not finite from the micro-batch's into the batch's.
  func naming<T>(_ sequences: [Int], _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as NonFiniteScore {
      throw NonFiniteScore(sequence: sequences[error.sequence], token: error.token, error.what)
    }
  }
}

/// What the backward passes of an update found besides the gradient.
public struct GradientReport {
  /// How far their forward passes were from the batch's current columns, nats; 0 in the first
  /// update after a rollout, to the bit.
  public var forwardGap: Float = 0
  /// What rows add to the step's loss.
  public var rowLoss = 0.0
  /// Spent in them; a forward pass that was made before is not counted again.
  public var forwardSeconds = 0.0
  public var backwardSeconds = 0.0
}

extension PreparedStep {
  /// The rows of the tokens `columns` of the step; `nil` where none is wanted.
  fileprivate func loss(of columns: [Int]) -> RowLoss? {
    let wanted = columns.map(wants)
    guard wanted.contains(true) else { return nil }
    return RowLoss(wanted: wanted) { row, token, gradient in
      try differentiate(row, token: columns[token], into: gradient)
    }
  }
}
