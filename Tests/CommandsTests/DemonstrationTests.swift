import Environments
import JSON
import Testing

@testable import Commands

/// Two turns of an expert, the first of which ends in a stop text.
private final class Errand: Environment {
  let name = "errand"
  let world = World(turns: 3, tools: [["type": "function"]], stops: ["</ask>"])
  let hasExpert: Bool
  init(hasExpert: Bool = true) { self.hasExpert = hasExpert }

  func begin(_ task: EpisodeTask) -> any Episode { Course(hasExpert: hasExpert) }

  private final class Course: Episode, @unchecked Sendable {
    let opening: [JSONLiteral] = [["role": "user", "content": "Well?"]]
    private let hasExpert: Bool
    private var turns = 0
    init(hasExpert: Bool) { self.hasExpert = hasExpert }

    func step(_ turn: ModelTurn) -> Transition {
      turns += 1
      return Transition(
        ending: turns == 3 ? .succeeded : nil, messages: [["role": "user", "content": "\(turns)"]])
    }

    func expertTurn() -> String? { hasExpert ? ["<ask>a</ask>", "b", "c"][turns] : nil }
  }
}

@Suite struct DemonstrationTests {
  private let task = EpisodeTask(seed: 0)

  @Test func aRowHasAllMessagesBeforeTheTurnThatIsLearned() throws {
    let demonstration = try Demonstration(of: Errand(), task, turns: 9, nil)
    #expect(demonstration.isSolved && demonstration.rows.count == 3)
    #expect(
      demonstration.rows[1] == [
        "messages": [
          ["role": "user", "content": "Well?"], ["role": "assistant", "content": "<ask>a</ask>"],
          ["role": "user", "content": "1"], ["role": "assistant", "content": "b"],
        ], "tools": [["type": "function"]],
      ])
  }

  /// As the episode is recorded while it is sampled: a stop text ends a turn without an end token.
  @Test func aModelWithoutATemplateGetsTheText() throws {
    let rows = try Demonstration(of: Errand(), task, turns: 9, Transcript(endToken: "<eos>")).rows
    #expect(rows[0] == ["prompt": "Well?\n", "completion": "<ask>a</ask>"])
    #expect(
      rows[2] == [
        "prompt": "Well?\n<ask>a</ask>\n1\nb<eos>\n2\n", "completion": "c",
      ])
  }

  @Test func aBoundOnTurnsEndsIt() throws {
    let demonstration = try Demonstration(of: Errand(), task, turns: 2, nil)
    #expect(!demonstration.isSolved && demonstration.rows.count == 2)
  }

  @Test func aWorldWithoutAnExpertIsNamed() {
    #expect {
      try Demonstration(of: Errand(hasExpert: false), task, turns: 2, nil)
    } throws: {
      "\($0)".hasPrefix("errand: there is no expert for this task")
    }
  }
}
