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

  /// Brings the current columns of `batch` up to date with the weights.
  ///
  /// - Throws: ``NonFiniteScore``.
  public func evaluate(_ batch: inout TokenBatch) throws {
    let scores = try score(batch)
    batch.logprobs = scores.logprobs
    batch.entropies = scores.entropies
  }

  /// Log-probabilities and entropies of every token of `batch`, `[N]`.
  public func score(_ batch: TokenBatch) throws -> TokenScores {
    var all = TokenScores()
    for sequences in microBatches(of: Array(0..<batch.sequenceCount), batch) {
      let scores = try naming(sequences) {
        try model.score(pack(sequences, of: batch), temperature: temperature)
      }
      all.logprobs += scores.logprobs
      all.entropies += scores.entropies
    }
    return all
  }

  /// Adds the gradient of the loss to the model's gradients.
  ///
  /// Sequences without a slope teach nothing and are left out.
  ///
  /// - Returns: how far this forward pass was from the batch's current columns, nats; 0 in the
  ///   first update after a rollout, to the bit.
  /// - Throws: ``NonFiniteScore``.
  public func gradients(_ batch: TokenBatch, _ result: ObjectiveResult) throws -> Float {
    let taught = (0..<batch.sequenceCount).filter { sequence in
      batch.range(sequence).contains { result.dLogprob[$0] != 0 || result.dEntropy[$0] != 0 }
    }
    var gap: Float = 0
    for sequences in microBatches(of: taught, batch) {
      let columns = sequences.flatMap { batch.range($0) }
      let scores = try naming(sequences) {
        try model.accumulateGradients(
          pack(sequences, of: batch), temperature: temperature,
          dLogprob: columns.map { result.dLogprob[$0] },
          dEntropy: columns.map { result.dEntropy[$0] }, recompute: memory.recompute)
      }
      for (logprob, column) in zip(scores.logprobs, columns) {
        gap = max(gap, abs(logprob - batch.logprobs[column]))
      }
    }
    return gap
  }

  /// Adds the gradient of `-weight * sum(logprob)` and returns that loss.
  ///
  /// - Throws: ``NonFiniteScore``.
  public func crossEntropy(_ batch: TokenBatch, weight: Double) throws -> Double {
    var loss = 0.0
    for sequences in microBatches(of: Array(0..<batch.sequenceCount), batch) {
      let count = sequences.reduce(0) { $0 + batch.range($1).count }
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

  private func pack(_ sequences: [Int], of batch: TokenBatch) -> SequencePack {
    var pack = SequencePack()
    for sequence in sequences {
      pack.append(
        prompt: batch.prompts[sequence], completion: Array(batch.tokens[batch.range(sequence)]))
    }
    return pack
  }

  private func microBatches(of sequences: [Int], _ batch: TokenBatch) -> [[Int]] {
    var parts: [[Int]] = []
    var room = 0
    for sequence in sequences {
      let tokens = batch.prompts[sequence].count + batch.range(sequence).count
      if parts.isEmpty || tokens > room {
        parts.append([])
        room = memory.microBatchTokens
      }
      parts[parts.count - 1].append(sequence)
      room -= tokens
    }
    return parts
  }

  /// Turns the place of a number that is not finite from the micro-batch's into the batch's.
  private func naming<T>(_ sequences: [Int], _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as NonFiniteScore {
      throw NonFiniteScore(sequence: sequences[error.sequence], token: error.token)
    }
  }
}
