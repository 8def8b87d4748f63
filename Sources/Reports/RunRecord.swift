import Checkpoints
import Foundation
import JSON

/// What a run has recorded so far of its steps and of what detectors found.
///
/// A run may be going on while it is read, or have been killed in the middle of a line: lines that
/// are not whole are passed over and counted.
public struct RunRecord: Sendable {
  /// By name, in the order in which they first came up.
  public private(set) var curves: [MetricCurve] = []
  /// Steps with metrics, 0 for what was measured before training left out.
  public private(set) var stepCount = 0
  public private(set) var lastStep = 0
  public private(set) var detections: [RecordedDetection] = []
  /// How many there were beyond those that are kept.
  public private(set) var furtherDetections = 0
  /// Steps that were refused.
  public private(set) var refused = 0
  /// Lines that could not be read.
  public private(set) var broken = 0
  private var places: [String: Int] = [:]

  static let mostDetections = 2000

  public init(_ folder: RunFolder) throws {
    for line in Self.lines(of: folder.metrics, &broken) { add(line) }
    for line in Self.lines(of: folder.detections, &broken) {
      guard let detection = RecordedDetection(line) else {
        broken += 1
        continue
      }
      if detections.count < Self.mostDetections {
        detections.append(detection)
      } else {
        furtherDetections += 1
      }
    }
  }

  public subscript(name: String) -> MetricCurve? { places[name].map { curves[$0] } }

  private mutating func add(_ line: JSON) {
    guard let step = line["step"].int, let members = line.object else {
      broken += 1
      return
    }
    if step > 0 { stepCount += 1 }
    lastStep = max(lastStep, step)
    if line["optimizer/refused"].double == 1 { refused += 1 }
    for (name, value) in members where name != "step" {
      guard let value = value.isNull ? .nan : value.double else { continue }
      let place =
        places[name]
        ?? {
          curves.append(MetricCurve(name))
          places[name] = curves.count - 1
          return curves.count - 1
        }()
      curves[place].add(value, step: step)
    }
  }

  /// The values of a file that are whole, if there is such a file.
  static func lines(of file: URL, _ broken: inout Int) -> [JSON] {
    guard let lines = try? JSONLines(of: file) else { return [] }
    var values: [JSON] = []
    for (_, value) in lines {
      if let value = try? value.get() { values.append(value) } else { broken += 1 }
    }
    return values
  }
}

/// What a detector saw at a step, and what came of it: a line of `detections.jsonl`.
public struct RecordedDetection: Sendable, Equatable {
  public let step: Int
  /// The moment of the step.
  public let event: String
  public let detector: String
  /// What the detector asked for, and what was done.
  public let proposed, done: String
  public let isCritical: Bool
  public let reason: String

  init?(_ line: JSON) {
    guard let step = line["step"].int, let detector = line["detector"].string else { return nil }
    (self.step, self.detector) = (step, detector)
    event = line["event"].string ?? ""
    proposed = line["proposed"]["action"].string ?? "warn"
    done = line["done"]["action"].string ?? "none"
    isCritical = line["critical"].bool ?? false
    reason = line["reason"].string ?? ""
  }

  /// Whether something was done, rather than said.
  var acted: Bool { done != "warn" && done != "none" }

  /// What came of it.
  var words: String {
    acted || proposed == "warn" || proposed == "none"
      ? (acted ? done : proposed)
      : "\(proposed), not done"
  }
}
