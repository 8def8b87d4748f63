import ChatTemplates
import Foundation
import JSON
import Tokenizers

/// Compares chat templates with rows of expected texts, ids and errors.
///
/// A row names its `template` and `case`, has `messages`, `tools`, `add_generation_prompt`, `vars`
/// and `now` (the clock), and either `expected`, perhaps with `ids`, or `error_kind`. Texts and
/// ids agree exactly; `raise_exception` with its message, other errors by their fact alone.
///
/// - Parameters:
///   - path: the rows, a `.jsonl`, or a folder with `rendered.jsonl`.
///   - templates: the folder of `<template>.jinja`; `templates/` beside the rows by default.
///   - tokenizers: a folder of tokenizer folders. A template belongs to the one of its name, or
///     else to the one whose name it begins with (`llama3` for `llama3.2-tools`); without one
///     its `ids` are skipped.
/// - Throws: ``CheckError`` where `path` is not of that form; what `Tokenizer` throws.
public func checkTemplates(
  path: URL, templates: URL? = nil, tokenizers: URL? = nil
) throws -> CheckReport {
  let rows = path.isFolder ? path.appending(path: "rendered.jsonl") : path
  var check = TemplateCheck(
    templates: templates ?? rows.deletingLastPathComponent().appending(path: "templates"),
    tokenizers: tokenizers)
  do {
    for (line, value) in try JSONLines(of: rows) { try check.compare(value.get(), line: line) }
  } catch let error as JSONError {
    throw CheckError(error.description)
  }
  return check.report
}

private struct TemplateCheck {
  var report = CheckReport(what: "templates")
  private let folder: URL
  private let tokenizers: [String: URL]
  private var templates: [String: Result<ChatTemplate, TemplateError>] = [:]
  private var opened: [URL: Tokenizer] = [:]

  init(templates: URL, tokenizers: URL?) {
    folder = templates
    let names = tokenizers.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) }
    self.tokenizers = Dictionary(
      uniqueKeysWithValues: (names ?? []).map { ($0, tokenizers!.appending(path: $0)) })
  }

  mutating func compare(_ row: JSON, line: Int) throws {
    let template = try row["template"].requireString()
    let name = "line \(line) (\(template) \(row["case"].string ?? ""))"
    let rendered: Result<String, TemplateError> =
      switch try self.template(named: template) {
      case .success(let parsed): try Self.render(row, with: parsed)
      case .failure(let error): .failure(error)
      }
    if !row["error_kind"].isNull {
      compare(rendered, withErrorOf: row, name: name)
    } else if !row["expected"].isNull {
      try compare(rendered, withTextOf: row, name: name, template: template)
    } else {
      report.skip(name, why: "the row has neither 'expected' nor 'error_kind'")
    }
  }

  // MARK: What the row asks for

  private mutating func template(named name: String) throws -> Result<ChatTemplate, TemplateError> {
    if let known = templates[name] { return known }
    let file = folder.appending(path: "\(name).jinja")
    let bytes = try FileBytes(of: file)
    let source = String(decoding: bytes.bytes, as: UTF8.self)
    let result = Result { () throws(TemplateError) in
      try ChatTemplate(source: source, name: file.lastPathComponent)
    }
    templates[name] = result
    return result
  }

  private static func render(
    _ row: JSON, with template: ChatTemplate
  ) throws -> Result<String, TemplateError> {
    let variables = row["vars"].isNull ? [] : try row["vars"].requireObject()
    let messages = JSONLiteral.array(try row["messages"].requireArray().map { JSONLiteral($0) })
    let clock = try row["now"].string.map { text in
      guard let date = try? Date(text + "Z", strategy: .iso8601) else {
        throw CheckError(
          "\(row["now"].path) must be a time such as 2025-01-15T09:07:03; it is \(text)")
      }
      return date
    }
    return Result { () throws(TemplateError) in
      try template.render(
        messages: messages, tools: JSONLiteral(row["tools"]),
        addGenerationPrompt: row["add_generation_prompt"].bool ?? false,
        variables: Dictionary(
          variables.map { ($0.key, JSONLiteral($0.value)) }, uniquingKeysWith: { $1 }),
        now: clock ?? Date(), timeZone: TimeZone(secondsFromGMT: 0)!)
    }
  }

  private mutating func tokenizer(of template: String) throws -> Tokenizer? {
    let candidates = tokenizers.keys.filter { template.hasPrefix($0) }
    guard let name = candidates.max(by: { $0.count < $1.count }) else { return nil }
    let folder = tokenizers[name]!
    if let known = opened[folder] { return known }
    let tokenizer = try Tokenizer(folder: folder)
    opened[folder] = tokenizer
    return tokenizer
  }

  // MARK: Comparison

  private mutating func compare(
    _ rendered: Result<String, TemplateError>, withErrorOf row: JSON, name: String
  ) {
    let kind = row["error_kind"].string ?? ""
    let words = row["error"].string ?? ""
    switch rendered {
    case .success(let text):
      report.differ(
        name, detail: "expected the error \(words); the text begins '\(text.prefix(40))'")
    case .failure(let error):
      let agrees =
        if kind == "raise_exception" {
          error.kind == .raised && words.hasSuffix(error.message)
        } else {
          error.kind == .undefined || error.kind == .type
        }
      if agrees {
        report.agree(name)
      } else {
        report.differ(name, detail: "expected the error \(words); found \(error)")
      }
    }
  }

  private mutating func compare(
    _ rendered: Result<String, TemplateError>, withTextOf row: JSON, name: String, template: String
  ) throws {
    let expected = try row["expected"].requireString()
    guard case .success(let text) = rendered else {
      if case .failure(let error) = rendered { report.differ(name, detail: "\(error)") }
      return
    }
    if let difference = Self.difference(Array(expected.unicodeScalars), Array(text.unicodeScalars))
    {
      report.differ(name, detail: difference)
      return
    }
    if !row["ids"].isNull {
      guard let ids = row["ids"].ints else {
        throw CheckError("\(row["ids"].path) must be an array of integers")
      }
      guard let tokenizer = try tokenizer(of: template) else {
        report.skip("\(name) ids", why: "no tokenizer for the ids of '\(template)'")
        report.agree(name)
        return
      }
      // The template has written the special tokens already.
      let found = tokenizer.encode(text, addSpecialTokens: false).map(Int.init)
      if let difference = Self.difference(ids, found) {
        report.differ(name, detail: "ids: \(difference)")
        return
      }
    }
    report.agree(name)
  }

  /// Where two sequences part, with what each has there; `nil` if they are equal.
  private static func difference<T: Equatable>(_ expected: [T], _ found: [T]) -> String? {
    guard expected != found else { return nil }
    let place = zip(expected, found).prefix { $0 == $1 }.count
    func excerpt(_ elements: [T]) -> String {
      let part = elements[place...].prefix(24)
      if let scalars = Array(part) as? [Unicode.Scalar] {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return JSONLiteral.string(String(text)).serialized()
      }
      return "\(Array(part))"
    }
    return "at \(place) expected \(excerpt(expected)), found \(excerpt(found))"
  }
}

extension URL {
  fileprivate var isFolder: Bool {
    (try? resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
  }
}
