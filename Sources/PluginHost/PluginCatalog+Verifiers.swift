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
    guard let builtIn = try builtIn(request) else {
      let loaded = try plugin(for: request, kind: .verifier)
      let configuration = try loaded.info.resolve(request, surroundings)
      let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
      return ResolvedVerifier(
        verifier: try PluginVerifier(instance, loaded.info), info: loaded.info,
        configuration: configuration, weight: weight)
    }
    let info = PluginInfo(builtIn)
    let configuration = try info.resolve(request, surroundings)
    do throws(VerifierConfigurationError) {
      return ResolvedVerifier(
        verifier: try builtIn.make(configuration), info: info, configuration: configuration,
        weight: weight)
    } catch {
      throw .configuration(name: info.name, reason: error.description)
    }
  }

  /// The verifier of configuration that a request names, if it names one.
  private func builtIn(_ request: PluginRequest) throws(PluginHostError) -> ConfiguredVerifier? {
    guard !request.isPath else { return nil }
    let info = try plugin(named: request.name, kind: .verifier)
    return info.path == nil ? ConfiguredVerifier(rawValue: info.name) : nil
  }
}

extension PluginRequest {
  /// Takes a key of the host's own out of what the plugin is told.
  mutating func take(_ key: String, default standard: JSONLiteral) -> JSONLiteral {
    var value = configuration[key] ?? standard
    configuration[key] = nil
    for option in options where option.key == key {
      value = (try? JSON(parsing: option.text)).map { JSONLiteral($0) } ?? .string(option.text)
    }
    options.removeAll { $0.key == key }
    return value
  }

  /// Takes out how much a reward counts, 1 unless it is said.
  mutating func takeWeight() throws(PluginHostError) -> Double {
    switch take("weight", default: 1) {
    case .int(let weight): return Double(weight)
    case .double(let weight) where weight.isFinite: return weight
    case let value:
      throw .configuration(
        name: name, reason: "'weight' must be a number; it is \(value.serialized())")
    }
  }
}
