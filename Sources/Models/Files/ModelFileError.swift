/// What is wrong with the files of a model folder.
public enum ModelFileError: Error, Equatable {
  /// A value of `config.json` that cannot be run as it says.
  case unsupported(file: String, key: String, value: String, supported: String)
  case missingKey(file: String, key: String)
  case invalid(file: String, key: String, value: String, expected: String)
}

extension ModelFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let file, let key, let value, let supported):
      "\(file): \(key) is \(value), which temper does not implement; \(supported)"
    case .missingKey(let file, let key):
      "\(file): \(key) is missing"
    case .invalid(let file, let key, let value, let expected):
      "\(file): \(key) is \(value); it must be \(expected)"
    }
  }
}
