import ChatTemplates
import Foundation
import JSON
import TestSupport
import Testing

struct GoldenTests {
  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func everyRowOfTheReferenceAgrees() throws {
    let folder = Shared.url("golden/chat_templates")
    let utc = TimeZone(identifier: "UTC")!
    var templates: [String: ChatTemplate] = [:]
    var count = 0
    for (line, value) in try JSONLines(of: folder.appending(path: "rendered.jsonl")) {
      let row = try value.get()
      let name = try row["template"].requireString()
      if templates[name] == nil {
        let file = folder.appending(path: "templates/\(name).jinja")
        templates[name] = try ChatTemplate(
          source: String(contentsOf: file, encoding: .utf8), name: name)
      }
      let variables = try row["vars"].requireObject().map { ($0.key, JSONLiteral($0.value)) }
      let now = try Date(row["now"].requireString() + "Z", strategy: .iso8601)
      let result = Result {
        try templates[name]!.render(
          messages: JSONLiteral(row["messages"]), tools: JSONLiteral(row["tools"]),
          addGenerationPrompt: row["add_generation_prompt"].requireBool(),
          variables: Dictionary(uniqueKeysWithValues: variables), now: now, timeZone: utc)
      }
      switch result {
      case .success(let text): #expect(text == row["expected"].string, "line \(line)")
      case .failure(let error):
        let kinds = ["raise_exception": "raised", "UndefinedError": "undefined", "type": "type"]
        let expected = try kinds[row["error_kind"].requireString()]
        #expect((error as? TemplateError)?.kind.rawValue == expected, "line \(line)")
      }
      count += 1
    }
    #expect(count > 0)
  }
}
