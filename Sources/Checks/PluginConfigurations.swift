import JSON

/// What holds of every kind of plugin: how it describes itself and what it accepts.
struct PluginConfigurations {
  /// The library's description, read anew at each call.
  let describe: () throws -> String
  let defaults: JSONLiteral
  /// What the user asks for.
  let configuration: JSONLiteral
  /// Makes an instance from some keys, the others at their defaults.
  let make: (JSONLiteral) throws -> Void

  /// - Returns: whether an instance can be made, so that there is something to check.
  func check(_ run: inout PluginCheckRun) -> Bool {
    run.check("description", "scanning the library twice gives the same description") {
      let (first, second) = (try describe(), try describe())
      return first == second ? .passed() : .failed("first \(first), then \(second)")
    }
    run.check("defaults", "an instance can be made from the defaults") {
      do { try make(.object([])) } catch {
        guard isUsable, configuration != defaults else { return .failed("\(error)") }
        return .passed(note: "with the settings given; without, \(error)")
      }
      return .passed()
    }
    guard isUsable else { return false }
    run.check("unknown-key", "a key that does not exist is refused") {
      let key = "no_such_key"
      guard !accepts(key, 1) else { return .failed("'\(key)' is accepted") }
      return .passed()
    }
    run.check("wrong-type", "a value of another type than the default's is refused") {
      guard case .object(let members) = defaults else {
        return .failed("the defaults are no object")
      }
      let wrong = members.compactMap { member in
        member.value.ofAnotherType.map { JSONLiteral.Member(member.key, $0) }
      }
      if wrong.isEmpty { return .skipped("there is no setting whose type is known") }
      for member in wrong where accepts(member.key, member.value) {
        return .failed("'\(member.key)' accepts \(member.value.serialized())")
      }
      return .passed()
    }
    return true
  }

  private var isUsable: Bool { (try? make(configuration)) != nil }

  private func accepts(_ key: String, _ value: JSONLiteral) -> Bool {
    var keys = configuration
    keys[key] = value
    return (try? make(keys)) != nil
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
