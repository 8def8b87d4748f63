import JSON
import Testing

@testable import Evaluation

struct SuiteTests {
  private let whole: JSONLiteral = [
    "name": "s", "summary": "A suite.", "template": "boxed-0", "verifier": "exact",
    "protocols": ["verifier", "qwen"],
    "data": [
      "file": "s/test.jsonl", "split": "test", "rows": 3, "source": "a place", "licence": "MIT",
      "sha256": "1f44670547b10f905c9c8c900a78cfe83719c7495d6290a67d0f3f1148b2ba10",
    ],
    "sampling": ["samples": 4, "temperature": 0.6],
  ]

  private func changed(_ key: String, _ value: JSONLiteral?) -> JSONLiteral {
    var literal = whole
    literal[key] = value
    return literal
  }

  @Test func aDescriptionIsReadByItsKeys() throws {
    let suite = try Suite(whole, file: "s.yaml")
    #expect(suite.protocols.map(\.name) == ["verifier", "qwen"])
    #expect(suite.sampling.samples == 4 && suite.sampling.temperature == 0.6)
    guard case .file(let file, rows: 3) = suite.source else { return #expect(Bool(false)) }
    #expect(file.path == "s/test.jsonl")
  }

  @Test func whatIsWrongIsNamedWithItsPlace() {
    func message(_ literal: JSONLiteral) -> String {
      do {
        _ = try Suite(literal, file: "s.yaml")
        return ""
      } catch {
        return error.description
      }
    }
    #expect(message(changed("protocol", "x")).contains("did you mean 'protocols'?"))
    #expect(message(changed("protocols", ["boxd"])).contains("did you mean 'boxed'?"))
    #expect(message(changed("protocols", [])).contains("'protocols' must be a list"))
    #expect(message(changed("verifier", nil)).contains("'verifier' must be"))
    #expect(message(changed("data", nil)).contains("either 'data', a file, or 'generator'"))
    #expect(message(changed("data", ["file": "x"])).contains("s.yaml: data: 'split' must be text"))
    #expect(message(changed("sampling", ["samples": -1])).contains("it is -1"))
    #expect(message(changed("generator", ["name": "arithmetic"])).contains("either 'data'"))
  }

  @Test func aQuestionThatEndsInABlankIsRefused() throws {
    var literal: JSONLiteral = [
      "id": "t", "summary": "x", "question": "{problem} ", "form": "box",
    ]
    let error = #expect(throws: DescriptionError.self) {
      try TemplateDescription(literal, file: "t.yaml")
    }
    #expect(error?.description.contains("ends in a blank") == true)
    literal["question"] = "{problem}"
    #expect(try TemplateDescription(literal, file: "t.yaml").form == .box)
    literal["form"] = "qwen"
    #expect(throws: DescriptionError.self) { try TemplateDescription(literal, file: "t.yaml") }
  }
}
