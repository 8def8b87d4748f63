import JSON

/// One thing that was looked at.
struct Finding {
  /// How bad it is.
  enum State: String {
    case ok
    /// Something that this machine cannot do; a run that does not need it loses nothing.
    case missing = "MISSING"
    /// A run goes on, and likely not as it is meant to.
    case warning = "WARNING"
    /// A run would be spoiled.
    case fault = "FAULT"
    /// It could not be looked at, for want of something else.
    case skipped
  }

  let name: String
  let state: State
  /// What was found, or what will not work.
  let text: String
  /// What helps; empty where nothing has to.
  var remedy = ""
  /// What other programs may want to know of it.
  var details: JSONLiteral = .object([])

  /// False where something will not work.
  var isGood: Bool { state == .ok || state == .skipped }

  init(name: String, isGood: Bool, text: String, details: JSONLiteral = .object([])) {
    self.init(name, isGood ? .ok : .missing, text, details: details)
  }

  init(
    _ name: String, _ state: State, _ text: String, remedy: String = "",
    details: JSONLiteral = .object([])
  ) {
    (self.name, self.state, self.text) = (name, state, text)
    (self.remedy, self.details) = (remedy, details)
  }

  var json: JSONLiteral {
    var result: JSONLiteral = [
      "ok": .bool(isGood), "state": .string(state.rawValue.lowercased()), "text": .string(text),
    ]
    if !remedy.isEmpty { result["remedy"] = .string(remedy) }
    if case .object(let members) = details {
      for member in members { result[member.key] = member.value }
    }
    return result
  }
}
