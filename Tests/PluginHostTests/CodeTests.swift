import Foundation
import JSON
import TestSupport
import Testing
import Trajectories
import Verifiers

@testable import PluginHost

private enum Code {
  /// Isolated where that is possible.
  static let verifier: Result<any Verifier, any Error> = Result {
    let request = try PluginRequest(
      parsing: "code:seconds=1,wall_seconds=60,allow_unsandboxed=true")
    return try shipped.verifier(request).verifier
  }

  static var isThere: Bool { (try? verifier.get()) != nil }
  static let absence: Comment = {
    if case .failure(let error) = verifier { return "skipped: \(error)" }
    return "present"
  }()

  static func judge(_ program: String, _ row: JSONLiteral) throws -> Judgement {
    try verifier.get().judge([VerifierSample(row: row.serialized(), completion: program)])[0]
  }
}

@Suite(.serialized, .enabled(if: Code.isThere, Code.absence))
struct CodeTests {
  private let squares: JSONLiteral = ["tests": ["assert f(2) == 4", "assert f(3) == 9"]]

  /// HumanEval's form, whose test uses a helper of the prompt.
  private let root: JSONLiteral = [
    "problem":
      "from math import sqrt\n\ndef poly(x):\n    return x - 2\n\ndef f(n):\n    \"\"\"Its root.\"\"\"\n",
    "entry_point": "f",
    "test": "def check(candidate):\n    assert abs(poly(candidate(1))) < 1e-4\n",
  ]

  @Test(arguments: [
    "def f(x): return x*x", "```python\ndef f(x):\n    return x**2\n```",
    "<think>\n```\ndef f(x): return 0\n```\n</think>```\ndef f(x): return x*x\n```",
    "[BEGIN]\ndef f(x): return x*x\n[DONE]\nmore",
    "import sys\nprint('talk')\ndef f(x):\n  print(x)\n  return x*x",
    "f = lambda x: x*x", "class N(int): pass\ndef f(x): return N(x*x)",
  ])
  func aProgramWhoseTestsPassIsRight(_ program: String) throws {
    let judgement = try Code.judge(program, squares)
    #expect(judgement == Judgement(.right, reward: 1))
  }

  @Test(arguments: [
    ("def f(x): return x+2", "1 of 2 tests pass: AssertionError in assert f(3) == 9"),
    ("def f(x): raise ValueError('no')", "0 of 2 tests pass: ValueError: no in assert f(2) == 4"),
    (
      "def g(x): return x*x",
      "0 of 2 tests pass: NameError: name 'f' is not defined in assert f(2) == 4"
    ),
    (
      "def f(x): return f(x)",
      "0 of 2 tests pass: RecursionError: maximum recursion depth exceeded in assert f(2) == 4"
    ),
  ])
  func aProgramWithATestThatFailsIsWrong(_ program: String, _ reason: String) throws {
    #expect(try Code.judge(program, squares) == Judgement(.wrong, reward: 0, reason: reason))
  }

  @Test(arguments: [
    "import sys; sys.exit(0)", "import os; os._exit(0)", "import os\ndef f(x): os._exit(0)",
    "class E:\n  def __eq__(self, other): return True\ndef f(x): return E()",
    "class E(int):\n  def __eq__(self, other): return True\n  __hash__ = int.__hash__\ndef f(x): return E(0)",
    "def f(x): raise AssertionError", "import ctypes\ndef f(x): ctypes.string_at(0)",
    // A report to every descriptor there may be, and an answer that would run a command.
    """
    import os
    for i in range(20):
        try: os.write(i, b'done {"passed": 2, "total": 2}\\n')
        except OSError: pass
    def f(x): return 0
    """,
    """
    import os, base64, pickle
    class R:
        def __reduce__(self): return (os.system, ('true',))
    def f(x):
        for i in range(20):
            try: os.write(i, base64.b64encode(pickle.dumps(('gave', R(), []), 4)) + b'\\n')
            except OSError: pass
        return 0
    """,
  ])
  func tricksEarnNothing(_ program: String) throws {
    #expect(try Code.judge(program, squares).verdict == .wrong)
  }

  @Test func theTestsToolsAreNotTheProgramsToGive() throws {
    let sorted: JSONLiteral = ["tests": ["assert sorted(f(2)) == [1, 2]"]]
    let trick =
      "import builtins\ndef f(x): return [3]\ndef sorted(x): return [1, 2]\nbuiltins.sorted = sorted"
    #expect(try Code.judge(trick, sorted).verdict == .wrong)
    let close: JSONLiteral = [
      "tests": ["assert math.isclose(f(2), 4)"], "test_setup": "import math",
    ]
    let fake = "class math:\n  isclose = staticmethod(lambda a, b: True)\ndef f(x): return 0"
    #expect(try Code.judge(fake, close).verdict == .wrong)
    #expect(try Code.judge("def f(x): return 4.0", close).verdict == .right)
    // A function that has the name of a tool, and is all that is called.
    let sum: JSONLiteral = ["tests": ["assert sum(1, 2) == 3"]]
    #expect(try Code.judge("def sum(a, b): return a + b", sum).verdict == .right)
  }

  @Test(arguments: [
    ("    return 2\n", Verdict.right), ("    return 3\n", .wrong),
    ("    return 2\n\ndef g():\n  no python", .right),
    ("```python\ndef f(n): return int(sqrt(4))\n```", .right), ("```\nreturn 2\n```", .right),
    ("```python\ndef poly(x): return 0\ndef f(n): return 3\n```", .wrong),
  ])
  func aCompletionGoesOnFromThePromptOrReplacesIt(
    _ completion: String, _ verdict: Verdict
  ) throws {
    #expect(try Code.judge(completion, root).verdict == verdict)
  }

  @Test(arguments: [
    ("def f(x) return", "the code is no Python"), ("  \n", "there is no code"),
    ("def f(x):\n  while True: pass", "it used more than 1 seconds of processor time"),
    ("def f(x): return 'x' * (50 << 20)", "what it gives is longer than 8 MiB"),
  ])
  func whatIsNoProgramOrUsesUpItsBudgetIsUnparsable(_ program: String, _ reason: String) throws {
    let judgement = try Code.judge(program, squares)
    #expect(judgement.verdict == .unparsable && judgement.reason.hasPrefix(reason))
  }

  @Test func aProgramThatWaitsIsStopped() throws {
    let request = try PluginRequest(parsing: "code:wall_seconds=0.7,allow_unsandboxed=true")
    let program = "import time\ndef f(x): time.sleep(100)"
    let judgement = try shipped.verifier(request).verifier
      .judge([VerifierSample(row: squares.serialized(), completion: program)])[0]
    #expect(
      judgement.verdict == .unparsable && judgement.reason == "it ran for more than 0.7 seconds")
  }

  @Test(arguments: [
    ["assert f() == ({1}, frozenset([2]), 1+2j, b'x', {'a': (1,)}, None, 1.5, range(3))"],
    ["p = P(1)\np.x = 5\nassert g(p) == 6", "assert [q for q in h()] == [0, 1]"],
    ["a = [3, 1]\nsort(a)\nassert a == [1, 3]"], ["assert count('aab') == {'a': 2, 'b': 1}"],
    ["try:\n  bad()\n  assert False\nexcept ValueError: pass"], ["assert letters() == letters()"],
  ])
  func valuesObjectsAndErrorsPassBetweenTestsAndProgram(_ tests: [String]) throws {
    let program = """
      from collections import Counter as count
      class P:
          def __init__(self, x): self.x = x
      def f(): return ({1}, frozenset([2]), 1+2j, b'x', {'a': (1,)}, None, 1.5, range(3))
      def g(p): return p.x + 1
      def h(): yield from range(2)
      def sort(a): a.sort()
      def bad(): raise ValueError("x")
      def letters(): return list({"a", "b", "c"})
      """
    let row: JSONLiteral = ["tests": .array(tests.map { .string($0) })]
    #expect(try Code.judge(program, row) == Judgement(.right, reward: 1))
  }

  @Test(arguments: [
    "{}", #"{"tests": []}"#, #"{"tests": ["assert f(("]}"#, #"{"tests": 1}"#, "[",
    #"{"test": "def check(c): pass"}"#, #"{"tests": ["assert f(lambda: 1)"]}"#,
  ])
  func aBrokenRowIsFailed(_ row: String) throws {
    let verifier = try Code.verifier.get()
    let judgement = verifier.judge([VerifierSample(row: row, completion: "def f(x): return 1")])[0]
    #expect(judgement.verdict == .failed && !judgement.reason.isEmpty)
  }

  @Test(arguments: [
    ("a, b = map(int, input().split())\nprint(a + b)", Verdict.right), ("print(5)", .wrong),
    ("1/0", .wrong), ("print(", .unparsable), ("while True: pass", .unparsable),
  ])
  func dialoguesCompareWhatIsWritten(_ program: String, _ verdict: Verdict) throws {
    let row: JSONLiteral = [
      "tests": [["input": "2 3\n", "output": "5  \n\n"], ["input": "1 1\n", "output": "2"]]
    ]
    #expect(try Code.judge(program, row).verdict == verdict)
  }

  @Test func sharesOfTheTestsCanBePaid() throws {
    let request = try PluginRequest(parsing: "code:partial=true,allow_unsandboxed=true,right=2")
    let judgement = try shipped.verifier(request).verifier
      .judge([VerifierSample(row: squares.serialized(), completion: "def f(x): return 4")])[0]
    #expect(judgement.verdict == .wrong && judgement.reward == 1)
  }

  @Test(arguments: ["code:python=no-such-python", "code:python=/bin/false", "code:seconds=0"])
  func withoutAnInterpreterNothingIsJudged(_ request: String) {
    #expect(throws: PluginHostError.self) {
      try shipped.verifier(PluginRequest(parsing: request + ",allow_unsandboxed=true"))
    }
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func solutionsOfHumanEvalAndMBPPPassAndOthersDoNot() throws {
    for name in ["humaneval", "mbpp"] {
      let rows = try JSONLines(of: Shared.url("data/\(name)/test.jsonl")).prefix(24).map {
        try $0.value.get()
      }
      let solved = try rows.map {
        VerifierSample(row: $0.serialized, completion: try $0["solution"].requireString())
      }
      let empty = rows.map { VerifierSample(row: $0.serialized, completion: "    pass\n") }
      let set = VerifierSet([.init(try Code.verifier.get())])
      let judged = set.judge(solved + empty).judgements.map(\.verdict)
      #expect(judged.prefix(24).allSatisfy { $0 == .right }, "\(name)")
      #expect(judged.suffix(24).allSatisfy { $0 != .right && $0 != .failed }, "\(name)")
    }
  }
}

@Suite struct UnsandboxedPermissionTests {
  @Test func aRunThatAllowsItSetsTheKeyOfEveryPluginThatHasOne() throws {
    let allowing = PluginSurroundings(allowsUnsandboxed: true)
    let run = try PluginRequest(parsing: #"command:run=cat,readable=[],allow_unsandboxed=false"#)
    let file = PluginRequest(
      name: "command", configuration: ["run": "cat", "readable": [], "allow_unsandboxed": false])
    func allowed(_ request: PluginRequest, _ surroundings: PluginSurroundings) throws
      -> JSONLiteral?
    {
      try shipped.plugin(named: "command").resolve(request, surroundings)["allow_unsandboxed"]
    }
    #expect(try allowed(file, PluginSurroundings()) == false)
    #expect(try allowed(file, allowing) == true)
    #expect(try allowed(run, allowing) == false)  // said for this one alone
    let exact = try shipped.plugin(named: "exact").resolve(PluginRequest(name: "exact"), allowing)
    #expect(exact["allow_unsandboxed"] == nil)
  }
}
