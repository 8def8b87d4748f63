import Detectors
import JSON

/// A detector that is ready, with what the run folder should remember of it, and how far it may go.
public struct ResolvedDetector: Sendable {
  public let detector: any Detector
  public let info: PluginInfo
  /// Every key with the value that is in force, those of the host included.
  public let configuration: JSONLiteral
  /// Steps between two looks.
  public let every: Int
  /// The strongest action that is carried out for it.
  public let limit: DetectorAction.Kind
}

extension PluginCatalog {
  /// Makes the detector that a request names.
  ///
  /// The keys `every` and `action` are the host's own: the steps between two looks, which the
  /// detector says where nobody else does, and the strongest action that is carried out, by default
  /// a warning.
  public func detector(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedDetector {
    var request = request
    let pace = request.take("every", default: .null)
    let action = request.take("action", default: .string(DetectorAction.Kind.warn.rawValue))
    guard case .string(let text) = action, let limit = DetectorAction.Kind(rawValue: text) else {
      let known = DetectorAction.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw .configuration(
        name: request.name, reason: "'action' is one of \(known); it is \(action.serialized())")
    }
    let loaded = try plugin(for: request, kind: .detector)
    var configuration = try loaded.info.resolve(request)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    let detector = try PluginDetector(instance, loaded.info)
    let every: Int
    switch pace {
    case .null: every = detector.needs.every
    case .int(let steps) where steps > 0: every = steps
    default:
      throw .configuration(
        name: request.name,
        reason: "'every' must be a whole number above 0; it is \(pace.serialized())")
    }
    configuration["every"] = .int(every)
    configuration["action"] = .string(limit.rawValue)
    return ResolvedDetector(
      detector: detector, info: loaded.info, configuration: configuration, every: every,
      limit: limit)
  }
}
