import Detectors
import JSON

/// A detector that is ready, with what the run folder should remember of it.
public struct ResolvedDetector: Sendable {
  public let detector: any Detector
  public let info: PluginInfo
  /// Every key of the plugin with the value that is in force.
  public let configuration: JSONLiteral
}

extension PluginCatalog {
  /// Makes the detector that a request names; the keys that are the host's own have been taken out
  /// of it by ``PluginRequest/takeDetectorUse()``.
  public func detector(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedDetector {
    let loaded = try plugin(for: request, kind: .detector)
    let configuration = try loaded.info.resolve(request)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    return ResolvedDetector(
      detector: try PluginDetector(instance, loaded.info), info: loaded.info,
      configuration: configuration)
  }
}
