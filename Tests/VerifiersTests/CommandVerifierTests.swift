import JSON
import Sandbox
import Testing
import Trajectories

@testable import Verifiers

/// A verifier that asks a line of shell; isolated where that is possible.
private func verifier(
  _ line: String, _ changes: KeyValuePairs<String, JSONLiteral> = [:]
) throws -> any Verifier {
  var settings = ConfiguredVerifier.command.defaults
  settings["run"] = .string(line)
  settings["readable"] = []
  settings["allow_unsandboxed"] = true
  for (key, value) in changes { settings[key] = value }
  return try ConfiguredVerifier.command.make(settings)
}

private func sample(_ completion: String, row: String = #"{"answer": 1}"#) -> VerifierSample {
  VerifierSample(row: row, prompt: "say", completion: completion, tokens: [1, 2])
}

/// Replies with one text to every line.
private func always(_ reply: String) -> String {
  "sh -c 'while read -r line; do echo \"$0\"; done' '\(reply)'"
}

@Suite(.serialized) struct CommandVerifierTests {
  @Test func theProgramSeesRowPromptAndCompletion() throws {
    // What it was told comes back as its answer.
    let echo = #"""
      sed -u 's/[\\"]/\\&/g; s/.*/{"verdict": "right", "answer": "&"}/'
      """#
    let judgement = try verifier(echo).judge([sample("a \"b\"\nc")])[0]
    let told = try JSON(parsing: try #require(judgement.answer))
    #expect(told["row"]["answer"].int == 1 && told["prompt"].string == "say")
    #expect(told["completion"].string == "a \"b\"\nc" && told["tokens"].int == 2)
    #expect(judgement.verdict == .right && judgement.reward == 1)
  }

  @Test(arguments: [
    (#"{"verdict": "wrong", "reason": "no", "answer": "7"}"#, Verdict.wrong, Float(-1)),
    (#"{"verdict": "right"}"#, .right, 2), (#"{"verdict": "unparsable"}"#, .unparsable, -3),
    (#"{"reward": 0.25}"#, .right, 0.25), (#"{"reward": 0}"#, .wrong, 0),
    (#"{"verdict": "wrong", "reward": 0.5}"#, .wrong, 0.5),
  ])
  func aReplyIsAVerdictOrARewardOrBoth(
    _ reply: String, _ verdict: Verdict, _ reward: Float
  ) throws {
    let judgement = try verifier(always(reply), ["right": 2, "wrong": -1, "unparsable": -3])
      .judge([sample("x")])[0]
    #expect(judgement.verdict == verdict && judgement.reward == reward)
  }

  @Test(arguments: [
    ("hello", "is no JSON object"), ("{}", "has neither 'verdict' nor 'reward'"),
    (#"{"verdict": "maybe"}"#, "has a verdict that is none of right, wrong, unparsable, failed"),
    (#"{"reward": 1e99}"#, "has a reward that is too large"),
  ])
  func whatIsNoReplyFailsTheSample(_ reply: String, _ reason: String) throws {
    let judgement = try verifier(always(reply)).judge([sample("x")])[0]
    #expect(judgement == .failed("the command's reply \(reason): \(reply)"))
  }

  @Test func aVerdictOfFailedIsPassedOn() throws {
    let reply = #"{"verdict": "failed", "reason": "no tool"}"#
    #expect(try verifier(always(reply)).judge([sample("x")])[0] == .failed("no tool"))
  }

  @Test func aCrashFailsItsSampleAndTheProgramIsStartedAnew() throws {
    let line = """
      sh -c 'n=0; while read -r line; do n=$((n+1)); case "$line" in \
      *crash*) echo "out of luck" >&2; exit 3;; esac; \
      echo "{\\"verdict\\": \\"right\\", \\"answer\\": \\"$n\\"}"; done'
      """
    let judgements = try verifier(line).judge(["a", "b", "crash", "c"].map { sample($0) })
    #expect(judgements.map(\.verdict) == [.right, .right, .failed, .right])
    #expect(judgements.map(\.answer) == ["1", "2", nil, "1"])
    #expect(judgements[2].reason == "the command exited with status 3: out of luck")
  }

  @Test func aDeadlineFailsItsSampleAndTheNextOneIsJudged() throws {
    let line = """
      sh -c 'while read -r line; do case "$line" in *slow*) sleep 100;; esac; \
      echo "{\\"verdict\\": \\"right\\"}"; done'
      """
    let judgements = try verifier(line, ["deadline": 0.3]).judge(["slow", "a"].map { sample($0) })
    #expect(judgements.map(\.verdict) == [.failed, .right])
    #expect(judgements[0].reason == "the command gave no reply in 0.3 seconds")
  }

  @Test func aBrokenRowFailsAlone() throws {
    let judgements = try verifier(always(#"{"reward": 1}"#))
      .judge([sample("x", row: "{"), sample("x")])
    #expect(judgements.map(\.verdict) == [.failed, .right])
  }

  @Test func manyThreadsShareTheWorkers() throws {
    let set = VerifierSet(
      [.init(try verifier(always(#"{"reward": 1}"#), ["workers": 3]))], threads: 8)
    let judged = set.judge((0..<400).map { sample("\($0)") })
    #expect(judged.judgements.count { $0.verdict == .right } == 400)
  }

  @Test(arguments: [
    ("", "'run' is empty; give a command, for example run=python3 judge.py"),
    ("echo ready; cat", "'run' writes before it is asked"),
    ("no-such-program", "'run' cannot be used: the command exited with status 127"),
  ])
  func aCommandThatCannotBeUsedIsRefusedAtOnce(_ line: String, _ reason: String) {
    #expect {
      _ = try verifier(line)
    } throws: {
      "\($0)".hasPrefix(reason)
    }
  }

  @Test(.enabled(if: Sandbox.availability == .isolated, "skipped: no namespaces here"))
  func theProgramIsInTheSandbox() throws {
    let line = #"""
      sh -c 'read -r line; echo "{\"reward\": 1, \"answer\": \"$(id -u) $(ls / | tr "\n" " ")\"}"'
      """#
    let judgement = try verifier(line, ["allow_unsandboxed": false]).judge([sample("x")])[0]
    let answer = try #require(judgement.answer)
    #expect(answer.hasPrefix("1000 ") && !answer.contains("home"))
  }
}
