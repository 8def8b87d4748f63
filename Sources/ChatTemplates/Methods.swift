/// Methods of strings that a template may call, Python's names and meaning.
enum TextMethod: String {
  case strip, lstrip, rstrip, split, rsplit, splitlines, startswith, endswith, replace
  case upper, lower, title, capitalize, find, rfind, index, count, join
  case removeprefix, removesuffix, partition, rpartition, zfill, ljust, rjust
  case isdigit, isalpha, isalnum, isspace, isupper, islower

  func bound(to text: String) -> Value {
    .function(
      Function(name: rawValue) { interpreter, arguments in
        switch try self.call(on: text, arguments, in: interpreter) {
        case .string(let text): return try interpreter.string(text)
        case let result: return result
        }
      })
  }

  private func call(
    on text: String, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    try interpreter.charge(bytes: text.utf8.count)
    switch self {
    case .strip, .lstrip, .rstrip:
      let characters = try arguments.bound(to: "chars", of: rawValue).text(0)
      return .string(text.stripped(of: characters, left: self != .rstrip, right: self != .lstrip))
    case .split, .rsplit: return try split(text, arguments)
    case .splitlines:
      let keeps = try arguments.bound(to: "keepends", of: rawValue).flag(0)
      return .list(text.lines(keepingEnds: keeps).map { .string($0) })
    case .startswith, .endswith:
      let given = try arguments.bound(to: "prefix", of: rawValue)
      let options: [Value] =
        if case .tuple(let items) = try given.require(0) { items.elements } else {
          [.string(try given.requireText(0))]
        }
      return .bool(
        try options.contains { option in
          guard case .string(let part) = option else {
            throw Failure.type("'\(rawValue)' needs strings, not \(option.kindName)")
          }
          return self == .startswith ? text.beginsWith(part) : text.finishesWith(part)
        })
    case .replace:
      let given = try arguments.bound(to: "old", "new", "count", of: rawValue)
      let (old, new) = (try given.requireText(0), try given.requireText(1))
      let limit = try given.integer(2, standard: -1)
      try interpreter.charge(replacing: old, with: new, in: text)
      return .string(text.replacingText(old, with: new, limit: limit))
    case .upper: return .string(text.pythonUppercased)
    case .lower: return .string(text.pythonLowercased)
    case .title: return .string(text.pythonTitled)
    case .capitalize: return .string(text.pythonCapitalized)
    case .find, .rfind, .index, .count: return try search(text, arguments)
    case .join:
      let elements = try interpreter.elements(
        of: try arguments.bound(to: "iterable", of: rawValue).require(0))
      return try interpreter.join(
        try elements.map { element in
          guard case .string(let part) = element else {
            throw Failure.type("'join' needs strings, not \(element.kindName)")
          }
          return part
        }, separator: text)
    case .removeprefix:
      let part = try arguments.bound(to: "prefix", of: rawValue).requireText(0)
      return .string(text.beginsWith(part) ? String(text.utf8.dropFirst(part.utf8.count))! : text)
    case .removesuffix:
      let part = try arguments.bound(to: "suffix", of: rawValue).requireText(0)
      return .string(text.finishesWith(part) ? String(text.utf8.dropLast(part.utf8.count))! : text)
    case .partition, .rpartition:
      let separator = try separator(try arguments.bound(to: "sep", of: rawValue))
      let pieces =
        self == .partition
        ? text.split(at: separator, limit: 1) : text.splitFromEnd(at: separator, limit: 1)
      if pieces.count == 2 { return .tuple([pieces[0], separator, pieces[1]].map { .string($0) }) }
      return .tuple((self == .partition ? [text, "", ""] : ["", "", text]).map { .string($0) })
    case .zfill, .ljust, .rjust: return try pad(text, arguments, in: interpreter)
    case .isdigit, .isalpha, .isalnum, .isspace, .isupper, .islower: return .bool(holds(for: text))
    }
  }

  private func separator(_ given: Arguments.Bound) throws -> String {
    let separator = try given.requireText(0)
    guard !separator.isEmpty else { throw Failure.type("the separator of '\(rawValue)' is empty") }
    return separator
  }

  private func split(_ text: String, _ arguments: Arguments) throws -> Value {
    let given = try arguments.bound(to: "sep", "maxsplit", of: rawValue)
    let limit = try given.integer(1, standard: -1)
    guard try given.text(0) != nil else {
      guard self == .split || limit < 0 else {
        throw Failure(.unsupported, "'rsplit' at white space with a limit")
      }
      return .list(text.splitAtSpace(limit: limit).map { .string($0) })
    }
    let separator = try separator(given)
    let pieces =
      self == .split
      ? text.split(at: separator, limit: limit) : text.splitFromEnd(at: separator, limit: limit)
    return .list(pieces.map { .string($0) })
  }

  private func search(_ text: String, _ arguments: Arguments) throws -> Value {
    let part = try arguments.bound(to: "sub", of: rawValue).requireText(0)
    if self == .count { return .int(text.countOccurrences(of: part)) }
    let position = text.position(of: part, last: self == .rfind)
    guard position >= 0 || self != .index else {
      throw Failure.type("'index' did not find \(part.pythonQuoted)")
    }
    return .int(position)
  }

  private func pad(
    _ text: String, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    let given = try arguments.bound(to: "width", "fillchar", of: rawValue)
    let width = try given.integer(0, standard: 0)
    let fill = self == .zfill ? "0" : try given.text(1) ?? " "
    guard fill.unicodeScalars.count == 1 else {
      throw Failure.type("'\(rawValue)' fills with one character, not \(fill.pythonQuoted)")
    }
    let missing = max(0, width - text.unicodeScalars.count)
    try interpreter.charge(bytes: missing)
    let padding = String(repeating: fill, count: missing)
    if self == .ljust { return .string(text + padding) }
    if self == .zfill, let sign = text.unicodeScalars.first, sign == "-" || sign == "+" {
      return .string(String(sign) + padding + String(text.unicodeScalars.dropFirst()))
    }
    return .string(padding + text)
  }

  /// True if there are characters and each is of the kind.
  private func holds(for text: String) -> Bool {
    let scalars = text.unicodeScalars
    func isDigit(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
    }
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
      default: false
      }
    }
    switch self {
    case .isupper, .islower:
      let cased = scalars.filter(\.properties.isCased)
      return !cased.isEmpty
        && cased.allSatisfy {
          self == .isupper ? $0.properties.isUppercase : $0.properties.isLowercase
        }
    default:
      return !scalars.isEmpty
        && scalars.allSatisfy { scalar in
          switch self {
          case .isdigit: isDigit(scalar)
          case .isalpha: isLetter(scalar)
          case .isalnum: isLetter(scalar) || scalar.properties.numericType != nil
          default: scalar.isPythonSpace
          }
        }
    }
  }
}

/// Methods of dictionaries that change nothing.
enum MappingMethod: String {
  case get, keys, values, items, copy

  /// Those that would change one. The reference's sandbox hides them, and with them any key of
  /// the same name from `a.b`.
  static let hidden: Set<String> = [
    "clear", "pop", "popitem", "setdefault", "update", "fromkeys",
  ]

  func bound(to mapping: Mapping) -> Value {
    .function(
      Function(name: rawValue) { interpreter, arguments in
        switch self {
        case .get:
          let given = try arguments.bound(to: "key", "default", of: rawValue)
          return mapping[try interpreter.hashable(try given.require(0))] ?? given[1] ?? .none
        case .keys: return .view(name: "dict_keys", Items(mapping.keys))
        case .values: return .view(name: "dict_values", Items(mapping.values))
        case .items: return .view(name: "dict_items", Items(mapping.pairs))
        case .copy: return .mapping(mapping)
        }
      })
  }
}

/// Methods of lists and tuples that change nothing.
enum ListMethod: String {
  case index, count

  func bound(to elements: [Value]) -> Value {
    .function(
      Function(name: rawValue) { interpreter, arguments in
        let value = try arguments.bound(to: "value", of: rawValue).require(0)
        try interpreter.charge(steps: elements.count)
        if self == .count { return .int(elements.count { $0 == value }) }
        guard let place = elements.firstIndex(of: value) else {
          throw Failure.type("'index' did not find \(value.represented)")
        }
        return .int(place)
      })
  }
}

extension Interpreter {
  /// Charges the text that a replacement will make, before it is made.
  func charge(replacing old: String, with new: String, in text: String) throws {
    let growth = max(0, new.utf8.count - old.utf8.count)
    let count = growth == 0 ? 0 : text.countOccurrences(of: old)
    let (size, overflow) = growth.multipliedReportingOverflow(by: count)
    try charge(bytes: overflow ? Self.maximumBytes : size + text.utf8.count)
  }

  func join(_ parts: [String], separator: String) throws -> Value {
    let (size, overflow) = separator.utf8.count.multipliedReportingOverflow(by: parts.count)
    try charge(bytes: overflow ? Self.maximumBytes : size)
    return try string(parts.joined(separator: separator))
  }
}
