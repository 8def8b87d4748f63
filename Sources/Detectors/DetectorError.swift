/// What is wrong with a detector, or with how several stand together.
public enum DetectorError: Error, Equatable, CustomStringConvertible {
  case twice(String)
  case failed(String, event: DetectionEvent, reason: String)
  case finding(String, what: String, value: String)

  public var description: String {
    switch self {
    case .twice(let name):
      "the detector '\(name)' is named twice; its settings can be given once"
    case .failed(let name, let event, let reason):
      "\(name): it failed at the \(event.name): \(reason)"
    case .finding(let name, let what, let value):
      "\(name): it proposes \(what) \(value), which cannot be carried out"
    }
  }
}

extension DetectionEvent {
  /// The word for it in records: `rollout`, `gradients`, ...
  public var name: String { "\(self)" }
}
