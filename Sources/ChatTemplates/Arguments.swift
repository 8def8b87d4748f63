/// The values that a call passes on.
struct Arguments {
  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  /// Puts the arguments into the places of `parameters`: by position, then by name.
  ///
  /// - Throws: a type failure for too many, unknown and doubled ones.
  func bound(to parameters: String..., of function: String) throws -> Bound {
    try bound(to: parameters, of: function)
  }

  func bound(to parameters: [String], of function: String) throws -> Bound {
    guard positional.count <= parameters.count else {
      throw Failure.type(
        "'\(function)' takes at most \(parameters.count) arguments; it is given \(positional.count)"
      )
    }
    var values: [Value?] = positional
    values += Array(repeating: nil, count: parameters.count - positional.count)
    for (name, value) in named {
      guard let place = parameters.firstIndex(of: name) else {
        throw Failure.type("'\(function)' has no argument '\(name)'")
      }
      guard values[place] == nil else {
        throw Failure.type("'\(function)' is given '\(name)' twice")
      }
      values[place] = value
    }
    return Bound(function: function, parameters: parameters, values: values)
  }

  /// Arguments in the places of a function's parameters.
  struct Bound {
    let function: String
    let parameters: [String]
    let values: [Value?]

    subscript(_ place: Int) -> Value? { values[place] }

    func require(_ place: Int) throws -> Value {
      guard let value = values[place] else {
        throw Failure.type("'\(function)' lacks its argument '\(parameters[place])'")
      }
      return value
    }

    /// The text at `place`; `nil` where there is none, or it is `none`.
    func text(_ place: Int) throws -> String? {
      switch values[place] {
      case nil, .some(.none): return nil
      case .string(let text): return text
      case .some(let other): throw mismatch(place, "a string", other)
      }
    }

    func requireText(_ place: Int) throws -> String {
      guard let text = try text(place) else {
        throw mismatch(place, "a string", try require(place))
      }
      return text
    }

    func integer(_ place: Int, standard: Int) throws -> Int {
      guard let value = values[place] else { return standard }
      guard let index = value.index else { throw mismatch(place, "an integer", value) }
      return index
    }

    func flag(_ place: Int, standard: Bool = false) -> Bool { values[place]?.isTrue ?? standard }

    private func mismatch(_ place: Int, _ expected: String, _ found: Value) -> Failure {
      if case .undefined(let missing) = found { return .undefined(missing) }
      return .type(
        "'\(parameters[place])' of '\(function)' must be \(expected), not \(found.kindName)")
    }
  }
}
