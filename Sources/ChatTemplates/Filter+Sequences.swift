extension Filter {
  func sequence(
    of value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    switch self {
    case .map: return .generator(try mapped(value, arguments, in: interpreter))
    case .select, .reject, .selectattr, .rejectattr:
      return .generator(try selected(value, arguments, in: interpreter))
    case .join:
      let given = try arguments.bound(to: "d", "attribute", of: rawValue)
      let path = try given[1].map { try AttributePath($0) }
      let parts = try interpreter.elements(of: value).map { element in
        try path?.value(of: element, in: interpreter).printed ?? element.printed
      }
      return try interpreter.join(parts, separator: given[0]?.printed ?? "")
    case .items:
      _ = try arguments.bound(to: [], of: rawValue)
      if case .undefined = value { return .generator(Generator([])) }
      guard case .mapping(let mapping) = value else {
        throw Failure.type("'items' needs a mapping, not \(value.kindName)")
      }
      return .generator(Generator(mapping.pairs))
    case .dictsort: return try dictionarySorted(value, arguments, in: interpreter)
    case .batch:
      let given = try arguments.bound(to: "linecount", "fill_with", of: rawValue)
      return .generator(
        Generator(try batches(of: try interpreter.elements(of: value), given)))
    case .unique, .sort, .min, .max: return try ordered(value, arguments, in: interpreter)
    case .sum:
      let given = try arguments.bound(to: "attribute", "start", of: rawValue)
      let path = try given[0].map { try AttributePath($0) }
      return try interpreter.elements(of: value).reduce(given[1] ?? .int(0)) { sum, element in
        try interpreter.arithmetic(
          .add, sum, try path?.value(of: element, in: interpreter) ?? element)
      }
    default:
      _ = try arguments.bound(to: [], of: rawValue)
      return try simple(value, in: interpreter)
    }
  }

  /// The filters without arguments.
  private func simple(_ value: Value, in interpreter: Interpreter) throws -> Value {
    if self == .reverse, case .string(let text) = value {
      var result = String.UnicodeScalarView()
      result.append(contentsOf: text.unicodeScalars.reversed())
      return try interpreter.string(String(result))
    }
    if self == .first, case .generator(let generator) = value {
      return try generator.next() ?? .undefined(.firstOrLast(rawValue))
    }
    if self == .last, case .generator = value {
      throw Failure.type("'last' needs a sequence; put '| list' in front of it")
    }
    let elements = try interpreter.elements(of: value)
    switch self {
    case .list: return .list(elements)
    case .first: return elements.first ?? .undefined(.firstOrLast(rawValue))
    case .last: return elements.last ?? .undefined(.firstOrLast(rawValue))
    default: return .generator(Generator(elements.reversed()))  // reverse
    }
  }

  private func batches(of elements: [Value], _ given: Arguments.Bound) throws -> [Value] {
    let size = try given.integer(0, standard: 0)
    guard size > 0 else { throw Failure.type("'batch' needs a positive size, not \(size)") }
    return stride(from: 0, to: elements.count, by: size).map { start in
      var batch = Array(elements[start..<Swift.min(start + size, elements.count)])
      if let fill = given[1], fill != .none, batch.count < size, size <= elements.count + 1024 {
        batch += Array(repeating: fill, count: size - batch.count)
      }
      return .list(batch)
    }
  }

  // MARK: Element by element

  /// The elements of `value`, drawn only as they are asked for.
  private func source(
    _ value: Value, in interpreter: Interpreter
  ) throws -> (depth: Int, next: () throws -> Value?) {
    if case .generator(let generator) = value { return (generator.depth, generator.next) }
    // The reference does not look into what is false, be it a list or not.
    if !value.isTrue { return (0, { nil }) }
    let elements = try interpreter.elements(of: value)
    var rest = elements.makeIterator()
    return (Items(elements).depth, { rest.next() })
  }

  private func mapped(
    _ value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Generator {
    let source = try source(value, in: interpreter)
    let transform: (Value) throws -> Value
    if arguments.positional.isEmpty {
      let given = try arguments.bound(to: "attribute", "default", of: rawValue)
      let path = try AttributePath(try given.require(0))
      transform = { element in
        let value = try path.value(of: element, in: interpreter)
        if case .undefined = value, let standard = given[1] { return standard }
        return value
      }
    } else {
      guard case .string(let name) = arguments.positional[0], let filter = Filter(name: name) else {
        throw Failure(.unsupported, "the filter \(arguments.positional[0].represented)")
      }
      var rest = arguments
      rest.positional.removeFirst()
      transform = { try filter.apply(to: $0, rest, in: interpreter) }
    }
    return Generator(depth: source.depth + 1) { [next = source.next] in
      try interpreter.charge()
      return try interpreter.deeper { try next().map(transform) }
    }
  }

  private func selected(
    _ value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Generator {
    var rest = arguments
    var path: AttributePath?
    if self == .selectattr || self == .rejectattr {
      guard !rest.positional.isEmpty else {
        throw Failure.type("'\(rawValue)' lacks the attribute's name")
      }
      path = try AttributePath(rest.positional.removeFirst())
    }
    var test: (Value) throws -> Bool = { $0.isTrue }
    if !rest.positional.isEmpty {
      guard case .string(let name) = rest.positional[0], let predicate = Predicate(name: name)
      else {
        throw Failure(.unsupported, "the test \(rest.positional[0].represented)")
      }
      rest.positional.removeFirst()
      test = { [rest] in try predicate.holds(for: $0, rest, in: interpreter) }
    }
    let keeps = self == .select || self == .selectattr
    let source = try source(value, in: interpreter)
    return Generator(depth: source.depth + 1) { [next = source.next, path, test] in
      try interpreter.deeper {
        while let element = try next() {
          try interpreter.charge()
          let subject = try path?.value(of: element, in: interpreter) ?? element
          if try test(subject) == keeps { return element }
        }
        return nil
      }
    }
  }

  // MARK: Order

  /// Strings compare in lower case unless the call says otherwise.
  private func key(
    caseSensitive: Bool, path: AttributePath?, in interpreter: Interpreter
  ) -> (Value) throws -> Value {
    { element in
      let value = try path?.value(of: element, in: interpreter) ?? element
      if !caseSensitive, case .string(let text) = value { return .string(text.pythonLowercased) }
      return value
    }
  }

  private func sorted(
    _ elements: [Value], descending: Bool, by key: (Value) throws -> Value
  ) throws -> [Value] {
    let keyed = try elements.map { (key: try key($0), element: $0) }
    // Swift's sort keeps equal elements in place, as Python's does.
    return try keyed.sorted {
      (try (descending ? $1.key.order(to: $0.key) : $0.key.order(to: $1.key)) ?? 0) < 0
    }.map(\.element)
  }

  private func ordered(
    _ value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    let names =
      self == .sort ? ["reverse", "case_sensitive", "attribute"] : ["case_sensitive", "attribute"]
    let given = try arguments.bound(to: names, of: rawValue)
    let offset = self == .sort ? 1 : 0
    let key = key(
      caseSensitive: given.flag(offset), path: try given[offset + 1].map { try AttributePath($0) },
      in: interpreter)
    let elements = try interpreter.elements(of: value)
    switch self {
    case .unique:
      var seen: Set<Value> = []
      return .generator(
        Generator(
          try elements.filter { seen.insert(try interpreter.hashable(try key($0))).inserted }))
    case .sort: return .list(try sorted(elements, descending: given.flag(0), by: key))
    case .min:
      return try sorted(elements, descending: false, by: key).first
        ?? .undefined(.firstOrLast(rawValue))
    default:
      return try sorted(elements, descending: true, by: key).first
        ?? .undefined(.firstOrLast(rawValue))
    }
  }

  private func dictionarySorted(
    _ value: Value, _ arguments: Arguments, in interpreter: Interpreter
  ) throws -> Value {
    let given = try arguments.bound(to: "case_sensitive", "by", "reverse", of: rawValue)
    if case .undefined(let missing) = value { throw Failure.undefined(missing) }
    guard case .mapping(let mapping) = value else {
      throw Failure.type("'dictsort' needs a mapping, not \(value.kindName)")
    }
    let place: Int
    switch try given.text(1) ?? "key" {
    case "key": place = 0
    case "value": place = 1
    case let other: throw Failure.type("'dictsort' sorts by 'key' or 'value', not '\(other)'")
    }
    let key = key(
      caseSensitive: given.flag(0), path: try AttributePath(.int(place)), in: interpreter)
    try interpreter.charge(steps: mapping.entries.count)
    return .list(try sorted(mapping.pairs, descending: given.flag(2), by: key))
  }
}

/// The `attribute` argument of a filter: `"function.name"` goes two levels down.
struct AttributePath {
  let parts: [Value]

  init(_ value: Value) throws {
    switch value {
    case .int: parts = [value]
    case .string(let text):
      parts = text.split(at: ".", limit: -1).map { part in
        Int(part).map { .int($0) } ?? .string(part)
      }
    default: throw Failure.type("an attribute is named by a string, not \(value.kindName)")
    }
  }

  func value(of element: Value, in interpreter: Interpreter) throws -> Value {
    try parts.reduce(element) { try interpreter.element($1, of: $0) }
  }
}
