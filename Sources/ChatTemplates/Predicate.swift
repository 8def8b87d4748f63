/// What may stand behind `is`.
enum Predicate: String, Sendable {
  case defined, undefined, none, string, number, integer, float, boolean
  case `true`, `false`, mapping, iterable, sequence, callable
  case equalto, ne, lt, le, gt, ge, `in`, sameas
  case even, odd, divisibleby, lower, upper

  /// The test of that name, or of a name that means the same.
  init?(name: String) {
    let synonyms = [
      "eq": "equalto", "==": "equalto", "!=": "ne", "<": "lt", "lessthan": "lt", "<=": "le",
      ">": "gt", "greaterthan": "gt", ">=": "ge",
    ]
    self.init(rawValue: synonyms[name] ?? name)
  }

  func holds(
    for value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Bool {
    switch self {
    case .equalto, .ne, .lt, .le, .gt, .ge, .in, .sameas, .divisibleby:
      let other = try arguments.bound(to: "other", of: rawValue).require(0)
      return try holds(for: value, with: other, in: interpreter)
    default:
      _ = try arguments.bound(to: [], of: rawValue)
    }
    switch (self, value) {
    case (.undefined, .undefined), (.none, .none), (.string, .string), (.integer, .int),
      (.float, .float), (.number, .int), (.number, .float), (.number, .bool), (.boolean, .bool),
      (.mapping, .mapping), (.true, .bool(true)), (.false, .bool(false)), (.callable, .function),
      (.sequence, .string), (.sequence, .list), (.sequence, .tuple), (.sequence, .mapping),
      (.sequence, .range), (.sequence, .undefined):
      return true
    case (.defined, .undefined): return false
    case (.defined, _): return true
    case (.iterable, .none), (.iterable, .bool), (.iterable, .int), (.iterable, .float),
      (.iterable, .namespace), (.iterable, .function):
      return false
    case (.iterable, _): return true
    case (.callable, .undefined): return true
    case (.even, _): return try interpreter.arithmetic(.remainder, value, .int(2)) == .int(0)
    case (.odd, _): return try interpreter.arithmetic(.remainder, value, .int(2)) == .int(1)
    case (.lower, _), (.upper, _):
      let cased = value.printed.unicodeScalars.filter(\.properties.isCased)
      return !cased.isEmpty
        && cased.allSatisfy {
          self == .lower ? $0.properties.isLowercase : $0.properties.isUppercase
        }
    default: return false
    }
  }

  private func holds(
    for value: Value, with other: Value, in interpreter: Interpreter
  ) throws -> Bool {
    switch self {
    case .equalto: value == other
    case .ne: value != other
    case .lt: try interpreter.compare(.less, value, other)
    case .le: try interpreter.compare(.lessOrEqual, value, other)
    case .gt: try interpreter.compare(.greater, value, other)
    case .ge: try interpreter.compare(.greaterOrEqual, value, other)
    case .in: try interpreter.compare(.contained, value, other)
    case .divisibleby: try interpreter.arithmetic(.remainder, value, other) == .int(0)
    default: value.kindName == other.kindName && value == other  // sameas
    }
  }
}
