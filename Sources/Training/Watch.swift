import Detectors
import Foundation
import JSON
import Metrics

/// The detectors of a run at work: when they look, what comes of what they find, and the state
/// that the run can go back to.
public final class Watch {
  public struct Settings: Sendable {
    /// Steps between states kept in memory, where one may be gone back to; 0 keeps none, and the
    /// last checkpoint takes their place.
    public var snapshotEvery = 10
    /// Roll-backs of a run before the next one ends it.
    public var mostRollBacks = 3
    public init() {}
  }

  public let detectors: DetectorSet
  public let settings: Settings
  public internal(set) var ledger: ActionLedger
  /// What attention is looked at on.
  var probe = AttentionProbe()
  /// What was found in the step under way.
  public private(set) var detections: [Detection] = []
  /// The strongest action of the step.
  public private(set) var action = DetectorAction.none
  /// A roll-back, or the end, that has been decided and not carried out.
  private var pending = DetectorAction.none
  /// Whether the step's rollout is not to be learned from.
  private var isHeld = false
  /// What is left of the updates of the step's rollout.
  private(set) var share = 1.0
  /// The last good state in memory.
  private(set) var snapshot: TrainingSnapshot?
  /// Puts the trainer back to the last checkpoint, and says after which step that was; `nil` where
  /// there is none.
  var lastCheckpoint: () throws -> Int? = { nil }
  /// The step after which the state was that the run went back to in this step.
  public private(set) var wentBack: Int?
  /// Spent in detectors, and in what they ask for, during the step under way.
  var seconds = 0.0
  /// Members that have failed, and are asked no more.
  private var retired: Set<Int> = []

  public init(_ detectors: DetectorSet, settings: Settings = Settings()) {
    (self.detectors, self.settings) = (detectors, settings)
    ledger = ActionLedger(mostRollBacks: settings.mostRollBacks)
  }

  // MARK: A step

  func begin() {
    detections = []
    action = .none
    wentBack = nil
    isHeld = false
    share = 1
    seconds = 0
  }

  func looks(at event: DetectionEvent, step: Int) -> Bool { !places(at: event, step: step).isEmpty }

  /// What those ask for who look.
  func needs(at event: DetectionEvent, step: Int) -> [DetectorNeeds] {
    places(at: event, step: step).map { detectors.members[$0].detector.needs }
  }

  private func places(at event: DetectionEvent, step: Int) -> [Int] {
    detectors.places(at: event, step: step).filter { !retired.contains($0) }
  }

  /// Shows an event to those who look at it.
  ///
  /// - Parameter observe: what there is for needs, and for a place among the detectors.
  /// - Returns: what is to be done. A roll-back or the end is ``carryOut(_:step:prompts:)``'s.
  /// - Throws: `DetectorError` where a detector fails that may do more than warn. One that may not
  ///   is a warning itself, and asked no more: those who only watch must not end a run.
  func look(
    _ event: DetectionEvent, step: Int,
    _ observe: (DetectorNeeds, _ place: Int) throws -> Observation
  ) throws -> DetectorAction {
    guard looks(at: event, step: step) else { return .none }
    return try clocked {
      var found: [Detection] = []
      for place in places(at: event, step: step) {
        let member = detectors.members[place]
        let observation = try observe(member.detector.needs, place)
        do throws(DetectorError) {
          found.append(try detectors.look(observation, place: place))
        } catch {
          guard member.limit <= .warn else { throw error }
          retired.insert(place)
          found.append(
            Detection(
              place: place, detector: member.name, event: event, step: step,
              update: observation.update,
              finding: Finding(.warn, reason: "\(error); it is asked no more")))
        }
      }
      let done = ledger.resolve(&found) { detectors.members[$0].limit }
      detections += found
      if done.kind > action.kind { action = done }
      if event == .rollout, done.kind >= .skipStep { isHeld = true }
      if event == .rollout, case .shorten(let factor) = done { share = factor }
      if done.kind >= .rollBack, done.kind > pending.kind { pending = done }
      return done
    }
  }

  func clocked<T>(_ body: () throws -> T) rethrows -> T {
    let watch = Stopwatch()
    defer { seconds += watch.total }
    return try body()
  }

  /// Adds what was found in the step; may be called again when more was.
  public func report(into metrics: inout StepMetrics) {
    guard !detectors.isEmpty else { return }
    for detection in detections { metrics.merge(detection.figures) }
    for detection in detections {
      guard let name = MetricName(rawValue: "\(detection.detector)/warned") else { continue }
      metrics[name] = max(metrics[name] ?? 0, detection.isNothing ? 0 : 1)
    }
    metrics["detector/action"] = Double(DetectorAction.Kind.allCases.firstIndex(of: action.kind)!)
    if let wentBack { metrics["detector/rolled_back_to"] = Double(wentBack) }
    metrics["time/detectors"] = seconds
  }

  /// Whether the step's rollout is still to be learned from.
  var letsLearn: Bool { pending == .none && !isHeld }

  // MARK: Going back

  /// Carries out a roll-back, or puts the last good state in place before the end.
  ///
  /// - Parameter prompts: those of this step, which the run leaves out from here on.
  func carryOut(_ trainer: any Trainer, step: Int, prompts: Range<Int>) throws {
    guard pending.kind >= .rollBack else { return }
    defer { pending = .none }
    if let snapshot {
      try snapshot.restore(trainer)
      wentBack = snapshot.step
    } else if pending.kind == .rollBack {
      wentBack = try lastCheckpoint()
      // Nothing to go back to: what comes next would build on what is broken.
      if wentBack == nil { action = .stop }
    }
    ledger.omit(prompts)
  }

  /// Keeps the state before the first step that this process does.
  func keepFirstState(_ trainer: any Trainer, before step: Int) throws {
    if snapshot == nil { try keepState(trainer, step: step - 1) }
  }

  /// Keeps the state after `step` steps, if one is due and this one is good: nothing was proposed
  /// beyond a warning, and nothing is critical.
  func keepState(_ trainer: any Trainer, step: Int) throws {
    guard detectors.mayGoBack, settings.snapshotEvery > 0 else { return }
    let isGood = detections.allSatisfy {
      $0.finding.action.kind <= .warn && !$0.finding.isCritical
    }
    guard snapshot == nil || isGood && step % settings.snapshotEvery == 0 else { return }
    try clocked {
      snapshot = nil  // two would not fit where one just does
      snapshot = try TrainingSnapshot(trainer, step: step)
    }
  }

  // MARK: Checkpoints

  var record: JSONLiteral { ["ledger": ledger.record, "probe": probe.record] }

  func restore(_ record: JSON) throws {
    try ledger.restore(record["ledger"])
    probe = try AttentionProbe(record["probe"])
  }
}
