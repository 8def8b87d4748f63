import Detectors
import JSON

/// How a detector is used, which is the run's business and not the plugin's.
public struct DetectorUse: Sendable, Equatable {
  /// Steps between two looks; `nil` leaves it to the detector.
  public var every: Int?
  /// The strongest action that is carried out for it.
  public var limit = DetectorAction.Kind.warn
}

extension PluginRequest {
  /// Takes the host's own keys out of what a detector is told: `every` and `max_action`.
  public mutating func takeDetectorUse() throws(PluginHostError) -> DetectorUse {
    var use = DetectorUse()
    switch take("every", default: .null) {
    case .null: break
    case .int(let every) where every >= 1: use.every = every
    case let value:
      throw .configuration(
        name: name,
        reason: "'every' must be a number of steps, at least 1; it is \(value.serialized())")
    }
    switch take("max_action", default: .string(use.limit.rawValue)) {
    case .string(let text):
      guard let limit = DetectorAction.Kind(rawValue: text) else {
        let known = DetectorAction.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw .configuration(name: name, reason: "'max_action' is '\(text)'; known are \(known)")
      }
      use.limit = limit
    case let value:
      throw .configuration(
        name: name, reason: "'max_action' must name an action; it is \(value.serialized())")
    }
    return use
  }
}
