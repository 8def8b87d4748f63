import JSON
import Metrics

/// That a detector looked, what it found, and what was done about it.
public struct Detection: Sendable, Equatable {
  /// The detector's place in its ``DetectorSet``.
  public let place: Int
  public let detector: String
  public let event: DetectionEvent
  public let step: Int
  public let update: Int
  /// As the detector proposes it.
  public let finding: Finding
  /// What it measured.
  public let figures: StepMetrics
  /// What the user's limit and the moment leave of the proposal.
  public var allowed = DetectorAction.none
  /// What was done: where this proposal was the strongest, that; a warning also where another's was.
  public var done = DetectorAction.none

  public init(
    place: Int, detector: String, event: DetectionEvent, step: Int, update: Int, finding: Finding,
    figures: StepMetrics = StepMetrics()
  ) {
    (self.place, self.detector, self.event, self.step) = (place, detector, event, step)
    (self.update, self.finding, self.figures) = (update, finding, figures)
  }

  public var isNothing: Bool { finding.action == .none }

  /// One line for people.
  public var message: String {
    let isHeldBack = finding.action.kind > .warn && done.kind <= .warn
    let outcome =
      isHeldBack
      ? "it would \(finding.action.phrase)"
      : done.kind > .warn ? done.phrase : finding.isCritical ? "critical" : "warning"
    return "step \(step): \(detector): \(finding.reason) (\(outcome))"
  }

  /// A line of `detections.jsonl`.
  public var record: JSONLiteral {
    [
      "step": .int(step), "event": .string(event.name), "update": .int(update),
      "detector": .string(detector), "critical": .bool(finding.isCritical),
      "proposed": finding.action.record, "done": done.record, "reason": .string(finding.reason),
      "figures": .object(figures.map { JSONLiteral.Member($0.name.rawValue, .double($0.value)) }),
    ]
  }
}

extension DetectorAction {
  /// `{"action": "scale_rate", "factor": 0.5, "steps": 50}`
  public var record: JSONLiteral {
    var record: JSONLiteral = ["action": .string(kind.rawValue)]
    switch self {
    case .scaleRate(let factor, let steps):
      record["factor"] = .double(factor)
      record["steps"] = .int(steps)
    case .shorten(let factor), .rollBack(let factor):
      record["factor"] = .double(factor)
    case .dropSequences(let dropped):
      record["sequences"] = .array(dropped.indices.filter { dropped[$0] }.map { .int($0) })
    case .none, .warn, .skipStep, .stop: break
    }
    return record
  }

  /// After 'it would', or alone.
  var phrase: String {
    switch self {
    case .none: "do nothing"
    case .warn: "warn"
    case .scaleRate(let factor, let steps):
      "scale the learning rate by \(factor) over \(steps) steps"
    case .shorten(let factor): "shorten the update to \(factor) of it"
    case .dropSequences(let dropped): "drop \(dropped.count { $0 }) sequences"
    case .skipStep: "skip the update"
    case .rollBack(let factor): "roll back and scale the learning rate by \(factor)"
    case .stop: "stop the run"
    }
  }
}
