import CPluginABI
import JSON
import Verifiers

/// A verifier that is ready, with what the run folder should remember of it.
public struct ResolvedVerifier: Sendable {
  public let verifier: any Verifier
  public let info: PluginInfo
  /// Every key with the value that is in force.
  public let configuration: JSONLiteral
  public let weight: Double

  public var member: VerifierSet.Member { VerifierSet.Member(verifier, weight: weight) }
}

extension PluginCatalog {
  /// Makes the verifier that a request names: a plugin's, or one that is built in.
  ///
  /// The key `weight` is the host's own: how much the verifier's reward counts, 1 by default.
  public func verifier(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedVerifier {
    var request = request
    let weight = try request.takeWeight()
    if request.isPath { return try verifier(atPath: request, weight, surroundings) }

    let info = try plugin(named: request.name)
    guard let builtIn = info.path == nil ? ConfiguredVerifier(rawValue: info.name) : nil else {
      let loaded = loaded.first { $0.info.id == info.id && $0.info.path == info.path }!
      return try verifier(loaded, request, weight, surroundings)
    }
    let configuration = try info.resolve(request, surroundings)
    do throws(VerifierConfigurationError) {
      return ResolvedVerifier(
        verifier: try builtIn.make(configuration), info: info, configuration: configuration,
        weight: weight)
    } catch {
      throw .configuration(name: info.name, reason: error.description)
    }
  }

  private func verifier(
    atPath request: PluginRequest, _ weight: Double, _ surroundings: PluginSurroundings
  ) throws(PluginHostError) -> ResolvedVerifier {
    let path = request.path
    let plugins = try PluginLibrary(path: path).plugins
    guard let only = plugins.first else {
      throw .malformed(path: path, reason: "it holds no plugin")
    }
    guard plugins.count == 1 else {
      throw .several(path: path, names: plugins.map(\.info.name))
    }
    return try verifier(only, request, weight, surroundings)
  }

  private func verifier(
    _ loaded: LoadedPlugin, _ request: PluginRequest, _ weight: Double,
    _ surroundings: PluginSurroundings
  ) throws(PluginHostError) -> ResolvedVerifier {
    let info = loaded.info
    guard info.kind == TEMPER_VERIFIER else {
      throw .otherKind(name: info.name, kind: info.kind, wanted: TEMPER_VERIFIER)
    }
    let configuration = try info.resolve(request, surroundings)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    return ResolvedVerifier(
      verifier: try PluginVerifier(instance, info), info: info, configuration: configuration,
      weight: weight)
  }
}

extension PluginRequest {
  /// Takes the host's own key out of what the plugin is told.
  mutating func takeWeight() throws(PluginHostError) -> Double {
    var value: JSONLiteral = configuration["weight"] ?? 1
    configuration["weight"] = nil
    for option in options where option.key == "weight" {
      value = (try? JSON(parsing: option.text)).map { JSONLiteral($0) } ?? .string(option.text)
    }
    options.removeAll { $0.key == "weight" }
    switch value {
    case .int(let weight): return Double(weight)
    case .double(let weight) where weight.isFinite: return weight
    default:
      throw .configuration(
        name: name, reason: "'weight' must be a number; it is \(value.serialized())")
    }
  }
}
