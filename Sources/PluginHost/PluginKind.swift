import CPluginABI

/// The kinds of plugin that this host knows, each with the table that its plugins serve.
public enum PluginKind: String, CaseIterable, Sendable {
  case verifier, entropy, prompts, environment, detector

  /// `temper.verifier/1`
  public var table: String {
    switch self {
    case .verifier: TEMPER_VERIFIER
    case .entropy: TEMPER_ENTROPY
    case .prompts: TEMPER_PROMPTS
    case .environment: TEMPER_ENVIRONMENT
    case .detector: TEMPER_DETECTOR
    }
  }

  /// `nil` for the table of a kind, or a version of one, that this host does not know.
  public init?(table: String) {
    guard let kind = Self.allCases.first(where: { $0.table == table }) else { return nil }
    self = kind
  }
}
