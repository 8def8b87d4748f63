import CPluginABI
import JSON

/// What a plugin says about itself; read without running any of it.
public struct PluginInfo: Sendable, Equatable {
  /// Reverse-DNS: `temper.exact`.
  public let id: String
  public let version: String
  /// The versioned table it serves: `temper.verifier/1`.
  public let kind: String
  public let summary: String
  /// An object: every configuration key with its default.
  public let defaults: JSONLiteral
  /// The library's file; `nil` for what is built in.
  public let path: String?

  /// The last part of the id: `exact`.
  public var name: String { String(id.split(separator: ".").last ?? "") }

  /// The library's file, or that there is none.
  public var place: String { path ?? "(built in)" }

  /// For `temper plugins list --json`.
  public var json: JSONLiteral {
    [
      "name": .string(name), "id": .string(id), "version": .string(version),
      "kind": .string(kind), "summary": .string(summary), "defaults": defaults,
      "path": path.map(JSONLiteral.string) ?? .null,
    ]
  }
}

/// The ABI that this host serves, for messages.
var hostABI: String { "\(TEMPER_ABI_MAJOR).\(TEMPER_ABI_MINOR)" }
