import JSON

/// A type that a setting can have: written on the command line, in YAML, and printed back.
protocol SettingValue: Sendable {
  /// How the help and the errors call it: `integer`, `number`, `true|false`.
  static var kind: String { get }
  init?(settingText: String)
  init?(settingLiteral: JSONLiteral)
  var literal: JSONLiteral { get }
}

extension Int: SettingValue {
  static var kind: String { "integer" }
  init?(settingText: String) { self.init(settingText.replacing("_", with: "")) }
  init?(settingLiteral: JSONLiteral) {
    switch settingLiteral {
    case .int(let value): self = value
    case .double(let value):
      guard let exact = Int(exactly: value) else { return nil }
      self = exact
    default: return nil
    }
  }
  var literal: JSONLiteral { .int(self) }
}

/// Up to `Int.max`, so that every value can be kept with the run.
extension UInt64: SettingValue {
  static var kind: String { "integer from 0 to \(Int.max)" }
  init?(settingText: String) {
    guard let value = Int(settingText: settingText), value >= 0 else { return nil }
    self = UInt64(value)
  }
  init?(settingLiteral: JSONLiteral) {
    guard let value = Int(settingLiteral: settingLiteral), value >= 0 else { return nil }
    self = UInt64(value)
  }
  var literal: JSONLiteral { .int(Int(self)) }
}

extension Double: SettingValue {
  static var kind: String { "number" }
  init?(settingText: String) {
    guard let value = Double(settingText), value.isFinite else { return nil }
    self = value
  }
  init?(settingLiteral: JSONLiteral) {
    switch settingLiteral {
    case .int(let value): self = Double(value)
    case .double(let value) where value.isFinite: self = value
    default: return nil
    }
  }
  var literal: JSONLiteral { .double(self) }
}

extension Float: SettingValue {
  static var kind: String { Double.kind }
  init?(settingText: String) {
    guard let value = Double(settingText: settingText), Float(value).isFinite else { return nil }
    self = Float(value)
  }
  init?(settingLiteral: JSONLiteral) {
    guard let value = Double(settingLiteral: settingLiteral), Float(value).isFinite else {
      return nil
    }
    self = Float(value)
  }
  var literal: JSONLiteral { .float(self) }
}

extension Bool: SettingValue {
  static var kind: String { "true|false" }
  init?(settingText: String) { self.init(settingText) }
  init?(settingLiteral: JSONLiteral) {
    guard case .bool(let value) = settingLiteral else { return nil }
    self = value
  }
  var literal: JSONLiteral { .bool(self) }
}

extension String: SettingValue {
  static var kind: String { "text" }
  init?(settingText: String) { self = settingText }
  init?(settingLiteral: JSONLiteral) {
    guard case .string(let value) = settingLiteral else { return nil }
    self = value
  }
  var literal: JSONLiteral { .string(self) }
}

/// `none` on the command line and null in YAML unset a value.
extension Optional: SettingValue where Wrapped: SettingValue {
  static var kind: String { "\(Wrapped.kind)|none" }
  init?(settingText: String) {
    if settingText == "none" {
      self = .none
    } else if let value = Wrapped(settingText: settingText) {
      self = .some(value)
    } else {
      return nil
    }
  }
  init?(settingLiteral: JSONLiteral) {
    if settingLiteral == .null {
      self = .none
    } else if let value = Wrapped(settingLiteral: settingLiteral) {
      self = .some(value)
    } else {
      return nil
    }
  }
  var literal: JSONLiteral { map(\.literal) ?? .null }
}

/// A list is given by repeating the option.
extension Array: SettingValue where Element: SettingValue {
  static var kind: String { "\(Element.kind), repeatable" }
  init?(settingText: String) {
    guard let element = Element(settingText: settingText) else { return nil }
    self = [element]
  }
  init?(settingLiteral: JSONLiteral) {
    guard case .array(let elements) = settingLiteral else {
      guard let element = Element(settingLiteral: settingLiteral) else { return nil }
      self = [element]
      return
    }
    let values = elements.compactMap(Element.init(settingLiteral:))
    guard values.count == elements.count else { return nil }
    self = values
  }
  var literal: JSONLiteral { .array(map(\.literal)) }
}

/// An enumeration of names.
protocol SettingName: SettingValue, RawRepresentable<String>, CaseIterable {}

extension SettingName {
  static var kind: String { allCases.map(\.rawValue).joined(separator: "|") }
  init?(settingText: String) { self.init(rawValue: settingText) }
  init?(settingLiteral: JSONLiteral) {
    guard case .string(let name) = settingLiteral else { return nil }
    self.init(rawValue: name)
  }
  var literal: JSONLiteral { .string(rawValue) }
}
