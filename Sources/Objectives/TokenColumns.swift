import Trajectories

/// The columns of a ``TokenBatch`` that an objective reads, in double.
///
/// An objective is a handful of operations a token, so they are done in double whatever the
/// engine's numbers are: a batch of float columns is widened, and a test fills the columns with
/// doubles and sees the same source at full precision.
public struct TokenColumns: Sendable {
  /// `[S + 1]` sequence `s` is tokens `offsets[s]..<offsets[s + 1]`.
  public var offsets: [Int]
  /// `[N]` 1 where the token is trained on, else 0. Nothing else is read where it is 0.
  public var mask: [UInt8]
  /// `[N]`
  public var advantages: [Double]
  /// `[N]` nats, under the policy as it is now.
  public var logprobs: [Double]
  /// `[N]` nats, under the policy that was current when the batch was collected.
  public var oldLogprobs: [Double]
  /// `[N]` nats, under the law that the sampler drew from; for mismatch weights and a diagnostic.
  public var behaviourLogprobs: [Double]?
  /// `[N]` nats, under the frozen reference policy.
  public var referenceLogprobs: [Double]?
  /// `[N]` nats, of the policy as it is now; for an entropy term and a diagnostic.
  public var entropies: [Double]?

  public init(
    offsets: [Int], mask: [UInt8], advantages: [Double], logprobs: [Double],
    oldLogprobs: [Double], behaviourLogprobs: [Double]? = nil,
    referenceLogprobs: [Double]? = nil, entropies: [Double]? = nil
  ) {
    let count = mask.count
    precondition(
      offsets.first == 0 && offsets.last == count,
      "offsets run from \(offsets.first ?? -1) to \(offsets.last ?? -1) over \(count) tokens")
    for column in [
      advantages, logprobs, oldLogprobs, behaviourLogprobs, referenceLogprobs, entropies,
    ] {
      precondition(
        column == nil || column!.count == count, "a column of \(column!.count) for \(count) tokens")
    }
    self.offsets = offsets
    self.mask = mask
    self.advantages = advantages
    self.logprobs = logprobs
    self.oldLogprobs = oldLogprobs
    self.behaviourLogprobs = behaviourLogprobs
    self.referenceLogprobs = referenceLogprobs
    self.entropies = entropies
  }

  public init(_ batch: TokenBatch) {
    self.init(
      offsets: batch.offsets, mask: batch.mask, advantages: batch.advantages.map(Double.init),
      logprobs: batch.logprobs.map(Double.init), oldLogprobs: batch.oldLogprobs.map(Double.init),
      behaviourLogprobs: batch.behaviourLogprobs.map(Double.init),
      referenceLogprobs: batch.referenceLogprobs?.map(Double.init),
      entropies: batch.entropies.map(Double.init))
  }

  public var count: Int { mask.count }

  /// Refuses a number that is not finite where a token is trained on.
  ///
  /// - Throws: ``ObjectiveError/nonFinite(column:value:sequence:token:)``, the first in the order
  ///   of the tokens.
  func requireFinite() throws(ObjectiveError) {
    let columns: [(name: String, values: [Double]?)] = [
      ("log-probability", logprobs), ("old log-probability", oldLogprobs),
      ("behaviour log-probability", behaviourLogprobs),
      ("reference log-probability", referenceLogprobs), ("advantage", advantages),
      ("entropy", entropies),
    ]
    for s in 0..<offsets.count - 1 {
      for t in offsets[s]..<offsets[s + 1] where mask[t] != 0 {
        for (name, values) in columns {
          guard let value = values?[t], !value.isFinite else { continue }
          throw .nonFinite(column: name, value: value, sequence: s, token: t - offsets[s])
        }
      }
    }
  }
}
