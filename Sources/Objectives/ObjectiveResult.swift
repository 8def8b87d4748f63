import Metrics

/// The loss of a batch and its slopes, from which the backward pass starts.
public struct ObjectiveResult: Sendable {
  /// This batch's share of the step's loss; the shares of a step's pieces add up to it.
  public var loss: Double
  /// `[N]` `d loss / d logprob`, exactly zero where the mask is.
  public var dLogprob: [Float]
  /// `[N]` `d loss / d entropy`, exactly zero where the mask is.
  public var dEntropy: [Float]
  /// Sums over the batch's trained tokens; those of a step's pieces merge.
  public var diagnostics: ObjectiveDiagnostics

  /// No token of the batch is trained on: slopes are zero.
  public var isEmpty: Bool { diagnostics.tokens == 0 }

  /// `policy/...` of this batch alone.
  public var metrics: StepMetrics { diagnostics.metrics }

  init(columns: TokenColumns, terms: TokenTerms, scalarLoss: Double) {
    loss = terms.total + scalarLoss
    dLogprob = terms.dLogprob.map(Float.init)
    dEntropy = terms.dEntropy.map(Float.init)
    diagnostics = ObjectiveDiagnostics(columns: columns, terms: terms, loss: loss)
  }
}
