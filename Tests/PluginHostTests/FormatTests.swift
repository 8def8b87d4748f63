import Testing
import Trajectories
import Verifiers

@testable import PluginHost

@Suite struct FormatTests {
  private func judge(
    _ request: String, _ completion: String, prompt: String = ""
  ) throws -> Judgement {
    try shipped.verifier(PluginRequest(parsing: request)).verifier
      .judge([VerifierSample(row: "{}", prompt: prompt, completion: completion)])[0]
  }

  @Test(arguments: [
    ("<think>a</think><answer>b</answer>", Verdict.right, 3),
    ("so <think>a</think>\n<answer>b</answer> then", .right, 3),
    ("<think></think><answer>b</answer>", .wrong, 1),  // an empty tag, and so no order
    ("<answer>b</answer><think>a</think>", .wrong, 2),
    ("<think>a<answer>b</answer></think>", .wrong, 2),
    ("<think>a</think> 42", .wrong, 1),
    ("<think>a</think><answer>b</answer><answer>c</answer>", .wrong, 1),
    ("<think>a <answer>b</answer>", .wrong, 1),
    ("42", .unparsable, 0), ("", .unparsable, 0), ("</think></answer>", .unparsable, 0),
  ])
  func eachOfThreePartsEarnsItsShare(
    _ completion: String, _ verdict: Verdict, _ parts: Int
  ) throws {
    let judgement = try judge("format:right=3", completion)
    let reward = try #require(judgement.reward)
    #expect(judgement.verdict == verdict && abs(reward - Float(parts)) < 1e-6)
  }

  @Test func rewardsScaleAndCanBeAllOrNothing() throws {
    let half = "<think>a</think> 42"
    #expect(try judge("format:right=3,wrong=-3", half).reward == -1)
    #expect(try judge("format:partial=false", half).reward == 0)
    #expect(try judge("format:unparsable=-2", "x").reward == -2)
    #expect(try judge("format", half).reason == "there is no <answer>")
  }

  @Test(arguments: [
    (#"format:tags=["think"],boxed=true"#, #"<think>\boxed{1}</think> \boxed{2}"#, Verdict.right),
    (#"format:tags=["think"],boxed=true"#, #"<think>\boxed{1}</think> 2"#, .wrong),
    (#"format:tags=[],boxed=true"#, #"\boxed{ }"#, .unparsable),
    (#"format:only=true"#, "<think>a</think>\n<answer>b</answer>\n", .right),
    (#"format:only=true"#, "<think>a</think> so <answer>b</answer>", .wrong),
    (#"format:minimum=5"#, "<think>a b c d e</think><answer>b</answer>", .wrong),
  ])
  func boxesTextOutsideAndLengthCanBeAskedFor(
    _ request: String, _ completion: String, _ verdict: Verdict
  ) throws {
    #expect(try judge(request, completion).verdict == verdict)
  }

  @Test func aTagThatThePromptOpensNeedNotBeRepeated() throws {
    let rest = "a</think><answer>b</answer>"
    #expect(try judge("format", rest, prompt: "Q\n<think>\n").verdict == .right)
    #expect(try judge("format", rest).verdict == .wrong)
  }

  @Test(arguments: ["format:tags=[]", #"format:tags=["<a>"]"#, "format:minimum=0"])
  func settingsThatCannotBeUsedAreRefused(_ request: String) {
    #expect(throws: PluginHostError.self) { try judge(request, "") }
  }
}

@Suite struct LengthTests {
  private func judge(_ request: String, tokens: Int, completion: String = "x") throws -> Judgement {
    let sample = VerifierSample(
      row: "{}", completion: completion, tokens: [Int32](repeating: 1, count: tokens))
    return try shipped.verifier(PluginRequest(parsing: request)).verifier.judge([sample])[0]
  }

  @Test(arguments: [(1, Float(0)), (80, 0), (90, -0.5), (100, -1), (120, -1)])
  func theOverlongPenaltyIsDAPOs(_ tokens: Int, _ reward: Float) throws {
    let judgement = try judge("length:limit=100,buffer=20", tokens: tokens)
    #expect(judgement.reward == reward)
    #expect(judgement.verdict == (tokens <= 80 ? .right : .wrong))
    #expect(try judge("length:limit=100,factor=0.5", tokens: tokens).reward == reward / 2)
  }

  @Test(arguments: [(1, Float(2)), (20, 2), (60, 1), (100, 0), (120, 0)])
  func brevityPaysUpToTheTarget(_ tokens: Int, _ reward: Float) throws {
    let request = "length:shape=brevity,limit=100,target=20,factor=2"
    #expect(try judge(request, tokens: tokens).reward == reward)
  }

  @Test func charactersCanBeCountedAndMissingTokensAreNoLength() throws {
    let text = String(repeating: "é", count: 15)
    let request = "length:limit=20,buffer=10,unit=characters"
    #expect(try judge(request, tokens: 0, completion: text).reward == -0.5)
    #expect(try judge("length:limit=20", tokens: 0, completion: text).verdict == .failed)
    #expect(try judge("length:limit=20", tokens: 0, completion: "").verdict == .right)
  }

  @Test(arguments: [
    ("length", "length: 'limit' is missing; give the longest completion, for example limit=512"),
    (
      "length:limit=10,buffer=11",
      "length: 'buffer' is 11; use 1 to 10, the limit; a fifth of it is common"
    ),
    (
      "length:limit=10,shape=brevity,target=10",
      "length: 'target' is 10; use 0 to 9, below the limit"
    ),
    ("length:limit=10,factor=-1", "length: 'factor' is -1.0; use 0 or more; 1 is common"),
  ])
  func settingsThatCannotBeUsedAreNamed(_ request: String, _ reason: String) {
    #expect {
      _ = try judge(request, tokens: 1)
    } throws: {
      "\($0)" == reason
    }
  }
}
