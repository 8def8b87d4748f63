extension Interpreter {
  /// `value.name`: the attribute or method first, then the key.
  func attribute(_ name: String, of value: Value) throws -> Value {
    if case .undefined(let missing) = value { throw Failure.undefined(missing) }
    if let member = member(name, of: value) { return member }
    if case .mapping(let mapping) = value, !MappingMethod.hidden.contains(name),
      let found = mapping[.string(name)]
    {
      return found
    }
    return .undefined(.attribute(name, of: value.kindName))
  }

  /// `value[index]`: the key or element first, then the attribute. Beyond the end is undefined.
  func element(_ index: Value, of value: Value) throws -> Value {
    switch value {
    case .undefined(let missing): throw Failure.undefined(missing)
    case .mapping(let mapping):
      if index.isHashable, let found = mapping[index] { return found }
    case .list(let items), .tuple(let items):
      if let found = items.elements.element(at: index) { return found }
    case .string(let text):
      if let position = index.index {
        let length = text.unicodeScalars.count
        let place = position < 0 ? position + length : position
        if place >= 0, place < length {
          let scalars = text.unicodeScalars
          return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: place)]))
        }
      }
    case .range(let range):
      if let position = index.index {
        let place = position < 0 ? position + range.count : position
        if place >= 0, place < range.count { return .int(range.start + place * range.step) }
      }
    default: break
    }
    if case .string(let name) = index, let member = member(name, of: value) { return member }
    return .undefined(.element(index, of: value.kindName))
  }

  /// An attribute or method of the value's kind; `nil` where the kind has none of that name.
  private func member(_ name: String, of value: Value) -> Value? {
    switch value {
    case .string(let text): TextMethod(rawValue: name)?.bound(to: text)
    case .mapping(let mapping): MappingMethod(rawValue: name)?.bound(to: mapping)
    case .list(let items), .tuple(let items): ListMethod(rawValue: name)?.bound(to: items.elements)
    case .namespace(let namespace): namespace[name]
    case .loop(let loop): loop.attribute(name)
    default: nil
    }
  }

  /// The elements that a loop over `value` would see, their number charged.
  func elements(of value: Value) throws -> [Value] {
    let result: [Value]
    switch value {
    case .list(let items), .tuple(let items), .view(_, let items): result = items.elements
    case .mapping(let mapping): result = mapping.keys
    case .string(let text): result = text.unicodeScalars.map { .string(String($0)) }
    case .range(let range):
      try charge(steps: range.count)
      return range.elements
    case .undefined: result = []
    case .loop(let loop): result = Array(loop.elements[(loop.index + 1)...])
    case .generator(let generator):
      var elements: [Value] = []
      while let element = try generator.next() {
        try charge()
        elements.append(element)
      }
      return elements
    case .none, .bool, .int, .float, .namespace, .function:
      throw Failure.type("a value of kind \(value.kindName) has no elements to go through")
    }
    try charge(steps: result.count)
    return result
  }

  /// Python's `len`.
  func length(of value: Value) throws -> Int {
    switch value {
    case .string(let text): text.unicodeScalars.count
    case .list(let items), .tuple(let items), .view(_, let items): items.elements.count
    case .mapping(let mapping): mapping.entries.count
    case .range(let range): range.count
    case .undefined: 0
    case .loop(let loop): loop.elements.count
    default: throw Failure.type("a value of kind \(value.kindName) has no length")
    }
  }

  // MARK: Slices

  /// `value[start:end:step]`, which never fails for want of elements.
  func slice(of value: Value, start: Value?, end: Value?, step: Value?) throws -> Value {
    switch value {
    case .undefined(let missing): throw Failure.undefined(missing)
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      let places = try places(start, end, step, count: scalars.count)
      var result = String.UnicodeScalarView()
      for place in places { result.append(scalars[place]) }
      return try string(String(result))
    case .list(let items):
      let places = try places(start, end, step, count: items.elements.count)
      return .list(places.map { items.elements[$0] })
    case .range(let range):
      let places = try places(start, end, step, count: range.count)
      return .list(places.map { .int(range.start + $0 * range.step) })
    case .tuple(let items):
      let places = try places(start, end, step, count: items.elements.count)
      return .tuple(places.map { items.elements[$0] })
    default: throw Failure.type("a value of kind \(value.kindName) has no slices")
    }
  }

  /// The places that Python's slice takes from `count` elements.
  private func places(
    _ start: Value?, _ end: Value?, _ step: Value?, count: Int
  ) throws -> [Int] {
    func bound(_ value: Value?) throws -> Int? {
      switch value {
      case nil, .some(.none): return nil
      case .some(let value):
        if case .undefined(let missing) = value { throw Failure.undefined(missing) }
        guard let index = value.index else {
          throw Failure.type("a slice needs integers, not \(value.kindName)")
        }
        return index
      }
    }
    let step = try bound(step) ?? 1
    guard step != 0 else { throw Failure.type("a slice cannot have a step of zero") }
    let limits = step > 0 ? 0...count : -1...(count - 1)
    func clamped(_ index: Int) -> Int {
      min(max(index < 0 ? index + count : index, limits.lowerBound), limits.upperBound)
    }
    let first = try bound(start).map(clamped) ?? (step > 0 ? 0 : count - 1)
    let last = try bound(end).map(clamped) ?? (step > 0 ? count : -1)
    try charge(steps: count)
    return Array(stride(from: first, to: last, by: step))
  }
}

extension [Value] {
  fileprivate func element(at index: Value) -> Value? {
    guard let position = index.index else { return nil }
    let place = position < 0 ? position + count : position
    return indices.contains(place) ? self[place] : nil
  }
}

extension LoopState {
  fileprivate func attribute(_ name: String) -> Value? {
    let count = elements.count
    switch name {
    case "index": return .int(index + 1)
    case "index0": return .int(index)
    case "revindex": return .int(count - index)
    case "revindex0": return .int(count - index - 1)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == count - 1)
    case "length": return .int(count)
    case "depth": return .int(depth)
    case "depth0": return .int(depth - 1)
    case "previtem":
      return index > 0 ? elements[index - 1] : .undefined(.firstOrLast("previous"))
    case "nextitem":
      return index + 1 < count ? elements[index + 1] : .undefined(.firstOrLast("next"))
    case "cycle":
      return .function(
        Function(name: name) { [index] _, arguments in
          guard !arguments.positional.isEmpty else {
            throw Failure.type("'cycle' needs values to go through")
          }
          return arguments.positional[index % arguments.positional.count]
        })
    case "changed":
      return .function(
        Function(name: name) { [self] _, arguments in
          defer { seen = arguments.positional }
          return .bool(seen != arguments.positional)
        })
    default: return nil
    }
  }
}
