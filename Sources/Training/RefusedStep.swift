import EntropyControl
import JSON
import Models
import Objectives
import Optimizers
import Trajectories

/// A step whose loss or gradient is not finite: it never reached the weights.
public struct RefusedStep: Error, CustomStringConvertible {
  public let step: Int
  /// What was being trained on, so that it can be replayed.
  public let batch: TokenBatch
  /// Names the tensor and element, or the sequence and token.
  public let reason: String

  public var description: String { "step \(step) is refused: \(reason)" }
}

/// Turns numbers that are not finite into a ``RefusedStep`` that carries the batch.
func refusing<T>(_ step: Int, _ batch: TokenBatch, _ body: () throws -> T) throws -> T {
  func refused(_ error: any Error) -> RefusedStep {
    RefusedStep(step: step, batch: batch, reason: "\(error)")
  }
  do {
    return try body()
  } catch let error as NonFiniteScore {
    throw refused(error)
  } catch let error as ObjectiveError {
    throw refused(error)
  } catch let error as OptimizerError {
    throw refused(error)
  } catch let error as InterventionError where error.isNotFinite {
    throw refused(error)
  }
}

extension InterventionError {
  /// A number that the data brought about, not a plugin that cannot go on.
  fileprivate var isNotFinite: Bool {
    if case .notFinite = self { return true }
    return false
  }
}

extension RefusedStep {
  /// The batch with its columns, so that the step can be replayed.
  var record: JSONLiteral {
    let sequences = (0..<batch.sequenceCount).map { sequence -> JSONLiteral in
      let range = batch.range(sequence)
      func column(_ values: [Float]) -> JSONLiteral { .array(values[range].map(number)) }
      var record: JSONLiteral = [
        "group": .int(batch.groups[sequence]), "prompt_ids": .ints(batch.prompts[sequence]),
        "ids": .ints(batch.tokens[range]), "mask": .ints(batch.mask[range]),
        "authors": .ints(batch.authors[range].map(\.rawValue)),
        "advantages": column(batch.advantages), "logprobs": column(batch.logprobs),
        "old_logprobs": column(batch.oldLogprobs), "entropies": column(batch.entropies),
      ]
      record["reference_logprobs"] = batch.referenceLogprobs.map(column)
      return record
    }
    return ["step": .int(step), "reason": .string(reason), "sequences": .array(sequences)]
  }

  /// NaN and the infinities, which JSON does not have and which are what is looked for, by name.
  private func number(_ value: Float) -> JSONLiteral {
    value.isFinite ? .float(value) : .string("\(value)")
  }
}
