/// What is wrong with an intervention, or with how several stand together.
public enum InterventionError: Error, Equatable, CustomStringConvertible {
  case bothReplace(String, String)
  case twice(String)
  case failed(String, call: String, reason: String)
  case outsideStage(String, InterventionNeeds.Stage, what: String)
  case notFinite(String, what: String, value: Double, token: Int?)

  public var description: String {
    switch self {
    case .bothReplace(let first, let second):
      return """
        '\(first)' and '\(second)' both replace the base term of the loss, of which there is one; \
        leave one of them out
        """
    case .twice(let name):
      return "the intervention '\(name)' is named twice; its settings can be given once"
    case .failed(let name, let call, let reason):
      return "\(name): \(call) failed: \(reason)"
    case .outsideStage(let name, let stage, let what):
      return """
        \(name): it changes \(what), which the stage '\(stage)' may not; it has to ask for the \
        stage that may
        """
    case .notFinite(let name, let what, let value, let token):
      let place = token.map { " of token \($0)" } ?? ""
      return "\(name): \(what)\(place) is \(value)"
    }
  }
}
