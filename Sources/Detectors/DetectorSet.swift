import Foundation
import Metrics
import Trajectories

/// The detectors of a run, in the user's order, and what each may bring about.
public struct DetectorSet: Sendable {
  public struct Member: Sendable {
    public let detector: any Detector
    /// Steps between two looks.
    public let every: Int
    /// The strongest action that is carried out for it.
    public let limit: DetectorAction.Kind

    /// - Parameter every: `nil` leaves it to the detector.
    public init(
      _ detector: any Detector, every: Int? = nil, limit: DetectorAction.Kind = .warn
    ) {
      (self.detector, self.limit) = (detector, limit)
      self.every = max(1, every ?? detector.needs.every)
    }

    public var name: String { detector.name }

    /// Whether it looks at that event of that step: in the first step and every ``every`` after it.
    /// An evaluation and a checkpoint have a pace of their own.
    func looks(at event: DetectionEvent, step: Int) -> Bool {
      guard detector.needs.events.contains(event) else { return false }
      return event == .evaluation || event == .checkpoint || isDue(step)
    }

    fileprivate func isDue(_ step: Int) -> Bool { (step - 1) % every == 0 }
  }

  public let members: [Member]

  /// - Throws: ``DetectorError/twice(_:)``.
  public init(_ members: [Member]) throws(DetectorError) {
    for (index, member) in members.enumerated() {
      if members[..<index].contains(where: { $0.name == member.name }) { throw .twice(member.name) }
    }
    self.members = members
  }

  public static var none: DetectorSet { try! DetectorSet([]) }

  public var isEmpty: Bool { members.isEmpty }
  /// Whether any may send the run back, or end it.
  public var mayGoBack: Bool { members.contains { $0.limit >= .rollBack } }

  /// The members that look at an event, as places in ``members``.
  public func places(at event: DetectionEvent, step: Int) -> [Int] {
    members.indices.filter { members[$0].looks(at: event, step: step) }
  }

  /// Whether one who looks at an update may ask that it never happened.
  public func maySkipUpdate(step: Int) -> Bool {
    places(at: .update, step: step).contains { members[$0].limit >= .skipStep }
  }

  /// The members that see the rows which a step's tokens are drawn from, as places in ``members``.
  public func watchers(ofRowsIn step: Int) -> [Int] {
    members.indices.filter { members[$0].detector.needs.seesRows && members[$0].isDue(step) }
  }

  /// Lets the member at `place` look.
  ///
  /// - Parameter observation: what it asked for, and nothing else.
  /// - Throws: ``DetectorError`` where it fails, or proposes what means nothing.
  public func look(_ observation: Observation, place: Int) throws(DetectorError) -> Detection {
    let member = members[place]
    let finding = try member.attempting(observation.event) {
      try member.detector.detect(observation)
    }
    try member.check(finding, observation)
    return Detection(
      place: place, detector: member.name, event: observation.event, step: observation.step,
      update: observation.update, finding: finding, figures: member.detector.takeMetrics())
  }
}

extension DetectorSet.Member {
  /// One member's view of the rows that are sampled from.
  public var observer: any RowObserver { SampledRows(member: self) }

  private struct SampledRows: RowObserver {
    let member: DetectorSet.Member
    var moment: LogprobRow.Moment { .old }
    var width: Int { member.detector.needs.observed }

    func observe(
      _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
    ) throws -> [UInt8] {
      try member.attempting(.rollout) { try member.detector.observe(row, into: floats) }
    }
  }

  /// Names the detector and the event in what goes wrong.
  fileprivate func attempting<Result>(
    _ event: DetectionEvent, _ body: () throws -> Result
  ) throws(DetectorError) -> Result {
    do {
      return try body()
    } catch let error as DetectorError {
      throw error
    } catch {
      throw .failed(name, event: event, reason: "\(error)")
    }
  }

  /// Refuses an action with figures that mean nothing.
  fileprivate func check(
    _ finding: Finding, _ observation: Observation
  ) throws(DetectorError) {
    switch finding.action {
    case .scaleRate(let factor, let steps):
      try check(factor)
      guard steps >= 0 else {
        throw .finding(name, what: "to scale the rate within steps of", value: "\(steps)")
      }
    case .shorten(let factor), .rollBack(let factor):
      try check(factor)
    case .dropSequences(let dropped):
      guard observation.sequenceCount.map({ $0 == dropped.count }) ?? true else {
        throw .finding(name, what: "to drop sequences of", value: "\(dropped.count)")
      }
    case .none, .warn, .skipStep, .stop: break
    }
  }

  private func check(_ factor: Double) throws(DetectorError) {
    guard factor > 0, factor <= 1 else {
      throw .finding(name, what: "the factor", value: "\(factor)")
    }
  }
}

extension Observation {
  /// `S`, where it shows sequences.
  fileprivate var sequenceCount: Int? { tokens?.sequenceCount ?? outcomes?.groups.count }
}
