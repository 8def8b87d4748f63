/// Why a new plugin's package cannot be written.
public enum PluginTemplateError: Error, Equatable, CustomStringConvertible {
  case name(String, reason: String)
  case exists(String)
  case unwritable(String, reason: String)
  case noSDK(searched: [String])

  public var description: String {
    switch self {
    case .name(let name, let reason): "'\(name)' cannot be a plugin's name: \(reason)"
    case .exists(let path): "\(path): exists already, and is left as it is; give another name"
    case .unwritable(let path, let reason): "\(path): the package cannot be written: \(reason)"
    case .noSDK(let searched):
      """
      the plugin SDK is missing; it comes with `make install` and with temper's sources. Set \
      TEMPER_SDK to the folder 'sdk'
      looked in: \(searched.joined(separator: ", "))
      """
    }
  }
}
