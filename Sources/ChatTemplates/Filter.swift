import Foundation

/// What may stand behind `|`.
enum Filter: String, Sendable {
  case trim, upper, lower, title, capitalize, replace, indent, string, safe, tojson
  case length, join, map, select, reject, selectattr, rejectattr, list, items, dictsort
  case first, last, unique, sort, reverse, sum, min, max, batch
  case `default`, int, float, abs, round

  /// The filter of that name, or of a name that means the same.
  init?(name: String) {
    self.init(rawValue: ["count": "length", "d": "default"][name] ?? name)
  }

  func apply(
    to value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    switch self {
    case .trim, .upper, .lower, .title, .capitalize, .replace, .indent, .string, .safe, .tojson:
      return try text(of: value, arguments, in: interpreter)
    case .length:
      _ = try arguments.bound(to: [], of: rawValue)
      return .int(try interpreter.length(of: value))
    case .default:
      let given = try arguments.bound(to: "default_value", "boolean", of: rawValue)
      let standard = given[0] ?? .string("")
      if case .undefined = value { return standard }
      return given.flag(1) && !value.isTrue ? standard : value
    case .int, .float, .abs, .round: return try number(of: value, arguments)
    default: return try sequence(of: value, arguments, in: interpreter)
    }
  }

  // MARK: Text

  private func text(
    of value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    if self == .tojson { return try interpreter.string(try json(of: value, arguments)) }
    if self == .indent {
      if case .undefined(let missing) = value { throw Failure.undefined(missing) }
      guard case .string = value else {
        throw Failure.type("'indent' needs a string, not \(value.kindName)")
      }
    }
    let text = value.printed
    try interpreter.charge(bytes: text.utf8.count)
    switch self {
    case .trim:
      let characters = try arguments.bound(to: "chars", of: rawValue).text(0)
      return try interpreter.string(text.stripped(of: characters, left: true, right: true))
    case .replace:
      let given = try arguments.bound(to: "old", "new", "count", of: rawValue)
      let (old, new) = (try given.require(0).printed, try given.require(1).printed)
      let limit = given[2] == .some(.none) ? -1 : try given.integer(2, standard: -1)
      try interpreter.charge(replacing: old, with: new, in: text)
      return try interpreter.string(text.replacingText(old, with: new, limit: limit))
    case .indent: return try interpreter.string(try indented(text, arguments, in: interpreter))
    default:
      _ = try arguments.bound(to: [], of: rawValue)
      switch self {
      case .upper: return .string(text.pythonUppercased)
      case .lower: return .string(text.pythonLowercased)
      case .capitalize: return .string(text.pythonCapitalized)
      case .title: return .string(wordsCapitalized(text))
      default: return .string(text)  // string; safe, as nothing is ever escaped
      }
    }
  }

  /// Jinja's `title`, which begins words at other places than Python's.
  private func wordsCapitalized(_ text: String) -> String {
    var result = ""
    var word = String.UnicodeScalarView()
    func flush() {
      let scalars = String(word).unicodeScalars
      if let first = scalars.first {
        result += String(first).pythonUppercased + String(scalars.dropFirst()).pythonLowercased
      }
      word = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        flush()
        result.unicodeScalars.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    flush()
    return result
  }

  private func indented(
    _ text: String, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> String {
    let given = try arguments.bound(to: "width", "first", "blank", of: rawValue)
    let margin: String =
      if case .string(let margin)? = given[0] { margin } else {
        String(
          repeating: " ", count: Swift.min(1024, Swift.max(0, try given.integer(0, standard: 4))))
      }
    let lines = (text + "\n").lines(keepingEnds: false)
    try interpreter.charge(bytes: lines.count * margin.utf8.count)
    let rest = lines.dropFirst().map { $0.isEmpty && !given.flag(2) ? $0 : margin + $0 }
    return (given.flag(1) ? margin : "") + ([lines[0]] + rest).joined(separator: "\n")
  }

  private func json(of value: Value, _ arguments: Arguments) throws -> String {
    let given = try arguments.bound(
      to: "ensure_ascii", "indent", "separators", "sort_keys", of: rawValue)
    var layout = JSONLayout()
    layout.escapesNonASCII = given.flag(0)
    layout.sortsKeys = given.flag(3)
    switch given[1] {
    case nil, .some(.none): break
    case .string(let indent): layout.indent = indent
    default:
      let width = try given.integer(1, standard: 0)
      layout.indent = String(repeating: " ", count: Swift.min(64, Swift.max(0, width)))
    }
    switch given[2] {
    case nil, .some(.none): break
    case .tuple(let items), .list(let items):
      guard items.elements.count == 2, case .string(let item) = items.elements[0],
        case .string(let key) = items.elements[1]
      else { fallthrough }
      (layout.itemSeparator, layout.keySeparator) = (item, key)
    default: throw Failure.type("'separators' of 'tojson' must be two strings")
    }
    return try value.json(layout)
  }

  // MARK: Numbers

  private func number(of value: Value, _ arguments: Arguments) throws -> Value {
    if case .undefined(let missing) = value { throw Failure.undefined(missing) }
    switch self {
    case .int:
      let given = try arguments.bound(to: "default", "base", of: rawValue)
      return try integer(of: value, base: try given.integer(1, standard: 10)) ?? given[0] ?? .int(0)
    case .float:
      let given = try arguments.bound(to: "default", of: rawValue)
      return decimal(of: value).map { .float($0) } ?? given[0] ?? .float(0)
    case .round:
      let given = try arguments.bound(to: "precision", "method", of: rawValue)
      guard let number = value.number else {
        throw Failure.type("a value of kind \(value.kindName) cannot be rounded")
      }
      let places = try given.integer(0, standard: 0)
      let scale = pow(10, Double(places))
      switch try given.text(1) ?? "common" {
      case "common" where places >= 0 && value.index != nil: return .int(value.index!)
      case "common": return .float((number * scale).rounded(.toNearestOrEven) / scale)
      case "ceil": return .float((number * scale).rounded(.up) / scale)
      case "floor": return .float((number * scale).rounded(.down) / scale)
      case let method: throw Failure.type("'round' knows no method '\(method)'")
      }
    default:  // abs
      _ = try arguments.bound(to: [], of: rawValue)
      if let index = value.index, index != .min { return .int(Swift.abs(index)) }
      guard case .float(let number) = value else {
        throw Failure.type("a value of kind \(value.kindName) has no size")
      }
      return .float(number.magnitude)
    }
  }

  /// Python's reading of a number: white space around it and underscores between digits.
  private func cleaned(_ text: String) -> String? {
    let text = text.stripped(of: nil, left: true, right: true)
    if text.hasPrefix("_") || text.hasSuffix("_") || text.holds("__") { return nil }
    return text.filter { $0 != "_" }
  }

  private func integer(of value: Value, base: Int) throws -> Value? {
    switch value {
    case .bool, .int: return .int(value.index!)
    case .string(let text):
      guard (2...36).contains(base) else {
        throw Failure.type("'int' takes a base from 2 to 36, not \(base)")
      }
      if let whole = cleaned(text).flatMap({ Int($0, radix: base) }) { return .int(whole) }
    case .float: break
    default: return nil
    }
    return decimal(of: value).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .int($0) }
  }

  private func decimal(of value: Value) -> Double? {
    guard case .string(let text) = value else { return value.number }
    guard let text = cleaned(text), !text.hasPrefix("0x"), !text.hasPrefix("-0x") else {
      return nil
    }
    return Double(text)
  }
}
