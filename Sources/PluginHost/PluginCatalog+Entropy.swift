import EntropyControl
import JSON

/// An intervention that is ready, with what the run folder should remember of it.
public struct ResolvedIntervention: Sendable {
  public let intervention: any EntropyIntervention
  public let info: PluginInfo
  /// Every key with the value that is in force.
  public let configuration: JSONLiteral
}

extension PluginCatalog {
  /// Makes the entropy intervention that a request names.
  public func intervention(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedIntervention {
    let loaded = try plugin(for: request, kind: .entropy)
    let configuration = try loaded.info.resolve(request)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    return ResolvedIntervention(
      intervention: try PluginIntervention(instance, loaded.info), info: loaded.info,
      configuration: configuration)
  }
}
