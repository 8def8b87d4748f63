import Evaluation
import JSON

/// What there is to evaluate with: suites and protocols.
struct SuiteList {
  private let suites: [Suite]

  init() throws {
    let catalog = SuiteCatalog()
    suites = try catalog.names.map(catalog.suite)
  }

  func text(json: Bool) -> String {
    guard json else {
      let rows = suites.map { Self.line($0.name, $0.summary) }
      let protocols = AnswerProtocol.all.map { Self.line($0.name, $0.summary) }
      return (["SUITES"] + rows + ["", "PROTOCOLS"] + protocols).joined(separator: "\n")
    }
    let literal: JSONLiteral = [
      "suites": .array(
        suites.map { ["name": .string($0.name), "summary": .string($0.summary)] }),
      "protocols": .array(
        AnswerProtocol.all.map { ["name": .string($0.name), "summary": .string($0.summary)] }),
    ]
    return literal.serialized()
  }

  private static func line(_ name: String, _ summary: String) -> String {
    "  " + name + String(repeating: " ", count: max(2, 32 - name.count)) + summary
  }
}
