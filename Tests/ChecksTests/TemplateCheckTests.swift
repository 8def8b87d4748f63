import Checks
import Foundation
import JSON
import TestSupport
import Testing

struct TemplateCheckTests {
  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func everyRowOfTheReferenceAgreesIdsIncluded() throws {
    let report = try checkTemplates(
      path: Shared.url("golden/chat_templates"), tokenizers: Shared.url("tokenizers"))
    #expect(report.exitCode == 0, "\(report.summary)")
    #expect(report.skipped == 0)
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func idsWithoutATokenizerAreSkippedAndTextsCompared() throws {
    let report = try checkTemplates(path: Shared.url("golden/chat_templates/rendered.jsonl"))
    #expect(report.exitCode == 0)
    #expect(report.skipped > 0)
  }

  /// The report on one row whose template is `{{ messages[0].x }}|{{ raise_exception('no') if y }}`.
  private func report(_ row: JSONLiteral) throws -> CheckReport {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let templates = folder.appending(path: "templates")
    try FileManager.default.createDirectory(at: templates, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "{{ messages[0].x }}|{{ raise_exception('no') if y }}".write(
      to: templates.appending(path: "t.jinja"), atomically: true, encoding: .utf8)
    try row.serialized().write(
      to: folder.appending(path: "rendered.jsonl"), atomically: true, encoding: .utf8)
    return try checkTemplates(path: folder)
  }

  @Test func whatDiffersIsNamedWithItsPlace() throws {
    let report = try report(
      ["template": "t", "case": "c", "messages": [["x": "abc"]], "expected": "abd|"])
    #expect(report.differ == ["line 1 (t c)"])
    #expect(report.summary.contains("at 2 expected"))
  }

  @Test func errorsAgreeByKindAndByTheTemplatesOwnWords() throws {
    var row: JSONLiteral = [
      "template": "t", "messages": [["x": "a"]], "vars": ["y": true],
      "error_kind": "raise_exception", "error": "TemplateError: no",
    ]
    #expect(try report(row).agreed == 1)
    row["error"] = "TemplateError: other words"
    #expect(try report(row).differ.count == 1)
    row["error_kind"] = "type"
    #expect(try report(row).differ.count == 1)
    row["messages"] = []
    #expect(try report(row).agreed == 1)
  }

  @Test func aFileOfAnotherFormIsRefused() {
    #expect(throws: CheckError.self) { try report(["x": 1]) }
    #expect(throws: CheckError.self) { try report(["template": "unknown", "messages": []]) }
  }
}
