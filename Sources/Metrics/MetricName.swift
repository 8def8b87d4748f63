/// The name of a metric, `area/quantity`: `policy/entropy`, `reward/mean`.
///
/// Names are an interface: scripts and viewers read them, so renaming one is a breaking change.
/// A module declares its own as static members; a plugin's are `<plugin>/<quantity>`.
public struct MetricName: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  public let rawValue: String

  /// `nil` unless there is an area, a slash and a quantity, of letters, digits and `-_.@/`.
  public init?(rawValue: String) {
    let parts = rawValue.split(separator: "/", omittingEmptySubsequences: false)
    let isName = parts.count >= 2 && parts.allSatisfy { !$0.isEmpty }
    let allowed = rawValue.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-_.@/".utf8.contains(byte)
      }
    }
    guard isName, allowed else { return nil }
    self.rawValue = rawValue
  }

  public init(stringLiteral value: String) {
    guard let name = MetricName(rawValue: value) else {
      preconditionFailure("'\(value)' is no metric name; write area/quantity")
    }
    self = name
  }

  public var description: String { rawValue }
}
