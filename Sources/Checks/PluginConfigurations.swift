import JSON

/// What holds of every kind of plugin: how it describes itself and what it accepts.
struct PluginConfigurations {
  /// The library's description, read anew at each call.
  let describe: () throws -> String
  let defaults: JSONLiteral
  /// Makes an instance from some keys, the others at their defaults.
  let make: (JSONLiteral) throws -> Void

  func check(_ run: inout PluginCheckRun) {
    run.check("description", "scanning the library twice gives the same description") {
      let (first, second) = (try describe(), try describe())
      return first == second ? .passed() : .failed("first \(first), then \(second)")
    }
    run.check("defaults", "an instance can be made from the defaults") {
      try make(.object([]))
      return .passed()
    }
    run.check("unknown-key", "a key that does not exist is refused") {
      let key = "no_such_key"
      guard (try? make([key: 1])) == nil else { return .failed("'\(key)' is accepted") }
      return .passed()
    }
    run.check("wrong-type", "a value of another type than the default's is refused") {
      guard case .object(let members) = defaults else { return .failed("the defaults are no object") }
      let wrong = members.compactMap { member in
        member.value.ofAnotherType.map { JSONLiteral.Member(member.key, $0) }
      }
      if wrong.isEmpty { return .skipped("there is no setting whose type is known") }
      for member in wrong where (try? make(.object([member]))) != nil {
        return .failed("'\(member.key)' accepts \(member.value.serialized())")
      }
      return .passed()
    }
  }
}

extension JSONLiteral {
  /// `nil` for null, which does not say what it wants.
  fileprivate var ofAnotherType: JSONLiteral? {
    switch self {
    case .null: nil
    case .bool: "neither"
    case .int, .double: "a word"
    case .string, .array: ["no": "object"]
    case .object: 1
    }
  }
}
