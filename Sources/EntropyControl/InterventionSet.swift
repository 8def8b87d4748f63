import Metrics
import Trajectories

/// The interventions of a run and how they compose.
///
/// They prepare by stage (advantages, masks, weights, additions) and within a stage in the order
/// in which the user names them; each sees what those before it left. Additions add up.
public struct InterventionSet: Sendable {
  /// In the order in which they prepare.
  public let members: [any EntropyIntervention]
  /// What has to watch the rows that pass, for ``TokenBatch/observed``.
  public let observers: [any RowObserver]
  /// `[members]` places in `observers`.
  private let places: [(old: Int?, current: Int?)]

  /// - Parameter configured: in the user's order.
  /// - Throws: ``InterventionError`` where two replace the base term, or two have one name.
  public init(_ configured: [any EntropyIntervention]) throws(InterventionError) {
    let order = configured.indices.sorted {
      (configured[$0].needs.stage, $0) < (configured[$1].needs.stage, $1)
    }
    members = order.map { configured[$0] }
    let replacing = members.filter(\.needs.replacesBase).map(\.name)
    guard replacing.count < 2 else { throw .bothReplace(replacing[0], replacing[1]) }
    for (index, member) in members.enumerated() {
      if members[..<index].contains(where: { $0.name == member.name }) { throw .twice(member.name) }
    }
    var observers: [any RowObserver] = []
    func observer(_ member: any EntropyIntervention, _ moment: LogprobRow.Moment) -> Int {
      observers.append(MomentObserver(member: member, moment: moment))
      return observers.count - 1
    }
    places = members.map { member in
      (
        old: member.needs.oldRows ? observer(member, .old) : nil,
        current: member.needs.currentRows ? observer(member, .current) : nil
      )
    }
    self.observers = observers
  }

  public static var none: InterventionSet { try! InterventionSet([]) }

  public var isEmpty: Bool { members.isEmpty }
  public var needsReference: Bool { members.contains { $0.needs.reference } }

  /// Lets every member change the step, and freezes what they will add.
  ///
  /// - Parameters:
  ///   - batch: the whole optimizer step; advantages and masks change in place.
  ///   - shaping: as the run has it.
  ///   - coefficients: `[N]` `W` from the masks of a batch.
  /// - Throws: ``InterventionError`` where a member fails, gives a number that is not finite or
  ///   changes what its stage may not.
  public func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: Shaping,
    coefficients: (TokenBatch) -> [Float]
  ) throws(InterventionError) -> PreparedStep {
    var shaping = shaping
    var current = coefficients(batch)
    var wanted: [[Bool]] = []
    for (index, member) in members.enumerated() {
      let before = (batch: batch, shaping: shaping)
      let rows = try member.attempting("prepare") {
        try member.prepare(
          step, &batch, &shaping, coefficients: current, observed: observed(index, of: batch))
      }
      let review = PreparationReview(member: member, batch: batch, shaping: shaping, rows: rows)
      try review.check(from: before.batch, before.shaping)
      if batch.mask != before.batch.mask { current = coefficients(batch) }
      wanted.append(rows)
    }
    return PreparedStep(
      members: members, shaping: shaping, coefficients: current, wanted: wanted,
      oldBytes: members.indices.map { observed($0, of: batch).old?.bytes ?? [] },
      observed: { observed($0, of: $1) })
  }

  private func observed(_ member: Int, of batch: TokenBatch) -> ObservedMoments {
    ObservedMoments(
      old: places[member].old.map { batch.observed[$0] },
      current: places[member].current.map { batch.observed[$0] })
  }
}

/// One member's view of the rows of one moment.
private struct MomentObserver: RowObserver {
  let member: any EntropyIntervention
  let moment: LogprobRow.Moment

  var width: Int { member.needs.observed }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] {
    let row = LogprobRow(
      moment: moment, token: row.token, logprob: row.logprob, entropy: row.entropy,
      logprobs: row.logprobs)
    return try member.attempting("observe") { try member.observe(row, into: floats) }
  }
}
