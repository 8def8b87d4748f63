import Foundation
import JSON
import Testing

/// What the machine can do is said in words and in JSON.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct DoctorTests {
  @Test func everythingThatWasLookedAtHasALine() throws {
    let page = try Temper.succeed(["doctor"]).output
    let report = try JSON(parsing: try Temper.succeed(["doctor", "--json"]).lastLine)
    for name in ["sandbox", "python3", "OpenBLAS", "processor", "memory"] {
      let isGood = try #require(report[name]["ok"].bool as Bool?)
      let mark = isGood ? "ok     " : "MISSING"
      #expect(page.split(separator: "\n").contains { $0.hasPrefix("\(mark) \(name) ") }, "\(name)")
    }
    #expect(try report["processor"]["cores"].requireInt() > 0)
    #expect(try report["memory"]["total_bytes"].requireInt() > 1 << 28)
    #expect(report["OpenBLAS"]["text"].string?.hasPrefix("OpenBLAS") == true)
  }
}

/// What would spoil a run is found before it; each test makes one fault in a healthy run.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct RunDoctorTests {
  let workshop: Workshop
  let model: String

  init() throws {
    workshop = try Workshop()
    model = try workshop.makeModel()
  }

  /// The findings, and whether the run was found to be spoiled.
  private func doctor(
    data: String? = nil, verifier: String = "numeric", _ more: [String] = []
  ) throws -> (findings: JSON, status: Int32, errors: String) {
    let outcome = try Temper.run(
      [
        "doctor", "--json", "--model", model, "--data", try data ?? workshop.makeProblems(count: 4),
        "--verifier", verifier, "--prompts", "4", "--group-size", "4", "--max-new-tokens", "48",
      ] + more)
    return (try JSON(parsing: outcome.lastLine), outcome.status, outcome.errors)
  }

  /// - Parameter luck: takes the place of the verifier where the gold answers do not matter.
  private func expectFault(
    _ name: String, saying words: String, data: String? = nil, verifier: String = Workshop.luck,
    _ more: [String] = [], at location: SourceLocation = #_sourceLocation
  ) throws {
    let (findings, status, errors) = try doctor(data: data, verifier: verifier, more)
    #expect(status == 1, "\(errors)", sourceLocation: location)
    #expect(
      findings[name]["state"].string == "fault", "\(findings.serialized)", sourceLocation: location)
    #expect(
      findings[name]["text"].string?.contains(words) == true,
      "\(findings[name].serialized)", sourceLocation: location)
    #expect(findings[name]["remedy"].string?.isEmpty == false, sourceLocation: location)
  }

  @Test func aHealthyRunHasNoFault() throws {
    let (findings, status, errors) = try doctor(verifier: Workshop.luck)
    #expect(status == 0, "\(errors)")
    let names = [
      "run memory", "token ids", "template", "end token", "data", "gold answers", "groups",
    ]
    for name in names {
      #expect(findings[name]["state"].string == "ok", "\(name): \(findings[name].serialized)")
    }
  }

  @Test func goldAnswersThatVerifyAreNoFault() throws {
    let (findings, _, _) = try doctor(["--groups", "0"])
    #expect(findings["gold answers"]["state"].string == "ok")
    #expect(findings["gold answers"]["verified"].int == 4)
  }

  @Test func aGoldAnswerThatCannotBeReadIsFound() throws {
    let data = try workshop.write(
      #"{"problem":"1=","answer":"1"}"# + "\n" + #"{"id":"odd","problem":"2=","answer":"apple"}"#
        + "\n" + #"{"problem":"3=","answer":"3"}"# + "\n" + #"{"problem":"4=","answer":"4"}"#
        + "\n",
      to: "bad.jsonl")
    try expectFault(
      "gold answers", saying: "'odd'", data: data, verifier: "numeric", ["--groups", "0"])
  }

  @Test func aGoldAnswerThatDoesNotVerifyIsFound() throws {
    // The verifier compares the first run of digits with the gold, which is negative in one row.
    let rows = (1...9).map { #"{"id":"r\#($0)","problem":"1=","answer":"\#($0 == 5 ? -5 : $0)"}"# }
    let data = try workshop.write(rows.joined(separator: "\n") + "\n", to: "bad.jsonl")
    try expectFault(
      "gold answers", saying: "1 of 9 do not verify, such as '-5' of 'r5'", data: data,
      verifier: #"regex:pattern=(\d+),compare=number"#, ["--groups", "0"])
  }

  @Test func aModelWithoutAnEndTokenIsFound() throws {
    try workshop.write(#"{"eos_token_id": []}"#, to: "model/generation_config.json")
    try expectFault("end token", saying: "names no end token")
    let (findings, status, _) = try doctor(verifier: Workshop.luck, ["--stop", "#"])
    #expect(status == 0 && findings["end token"]["state"].string == "warning")
  }

  @Test func anEndTokenBeyondTheTokenizerIsFound() throws {
    try workshop.write(#"{"eos_token_id": 19}"#, to: "model/generation_config.json")
    let (findings, _, _) = try doctor(verifier: Workshop.luck)
    #expect(findings["end token"]["state"].string == "ok")
    // Rows that no id of the tokenizer has are never sampled.
    let config = workshop.folder.appending(path: "wide.json")
    let text = try String(
      contentsOf: workshop.folder.appending(path: "config.json"), encoding: .utf8)
    try Data(text.replacing("\"vocab_size\": 20", with: "\"vocab_size\": 32").utf8).write(
      to: config)
    let wide = workshop.path("wide")
    try Temper.succeed([
      "init", "--config", config.path, "--tokenizer", Workshop.tokenizer, "--output", wide,
    ])
    try workshop.write(#"{"eos_token_id": 25}"#, to: "wide/generation_config.json")
    try expectFault("end token", saying: "beyond the 20 ids", ["--model", wide])
  }

  @Test func aTokenizerWithMoreIdsThanTheModelIsFound() throws {
    let file = workshop.folder.appending(path: "model/tokenizer.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let more =
      #""added_tokens": [{"id": 25, "content": "<far>", "single_word": false, "#
      + #""lstrip": false, "rstrip": false, "normalized": false, "special": true}, "#
    let range = try #require(text.firstRange(of: /"added_tokens": *\[/))
    try Data(text.replacingCharacters(in: range, with: more).utf8).write(to: file)
    let (findings, status, errors) = try doctor(verifier: Workshop.luck)
    #expect(status == 1, "\(errors)")
    #expect(findings["token ids"]["state"].string == "fault", "\(findings.serialized)")
  }

  @Test func aTemplateThatRewritesHistoryIsFound() throws {
    // Numbers each message by how many there are, so an earlier one changes as the talk goes on.
    try workshop.write(
      "{% for m in messages %}{{ messages|length }}{{ m['content'] }}{% endfor %}",
      to: "model/chat_template.jinja")
    try expectFault("template", saying: "not prefix-preserving")
  }

  @Test func groupsThatAlwaysTieAreFound() throws {
    try expectFault("groups", saying: "no completion is right", verifier: "regex:pattern=never")
  }

  @Test func groupsThatTieBecauseAllIsRightAreFound() throws {
    try expectFault(
      "groups", saying: "every completion is right", verifier: "length:limit=512")
  }

  @Test func tooLittleMemoryIsFound() throws {
    try expectFault("run memory", saying: "free", ["--micro-batch-tokens", "1000000000"])
  }

  @Test func whatCannotBeReadIsAFaultToo() throws {
    let data = try workshop.write(#"{"nothing": 1}"# + "\n", to: "bad.jsonl")
    let (findings, status, _) = try doctor(data: data)
    #expect(status == 1 && findings["data"]["state"].string == "fault")
    let (none, gone, _) = try doctor(["--model", workshop.path("nowhere")])
    #expect(gone == 1 && none["model"]["state"].string == "fault")
  }
}
