import Foundation
import JSON
import Testing

@testable import Environments

/// What goes over the socket between a run and an environment's process.
@Suite struct EnvironmentServerTests {
  /// Echoes what it is told.
  private final class Echo: Environment {
    let name = "echo"
    let world = World(
      turns: 3, needsRows: true, tools: [["type": "function"]], stops: ["</s>", "\n"])

    struct Fault: Error, CustomStringConvertible { let description = "no \"such\" thing" }

    func begin(_ task: EpisodeTask) throws -> any Episode {
      if task.row == nil { throw Fault() }
      return Talk(task)
    }

    private final class Talk: Episode {
      let opening: [JSONLiteral]
      init(_ task: EpisodeTask) {
        opening = [["role": "user", "content": .string("\(task.row!) \(task.seed)")]]
      }
      func step(_ turn: ModelTurn) throws -> Transition {
        if turn.text == "fail" { throw Fault() }
        return Transition(
          ending: turn.isLast ? .malformed : nil, reward: turn.isCut ? .infinity : 0.1,
          isVoid: turn.number == 1,
          messages: [["role": "tool", "content": .string(turn.text), "n": .int(turn.number)]])
      }
      func expertTurn() throws -> String? { "show" }
    }
  }

  /// A socket whose other end serves.
  private func connection() throws -> LineSocket {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let theirs = ends[1]
    Thread.detachNewThread {
      EnvironmentServer.serve(theirs) { opening in
        if opening["plugin"].string != "echo" { throw Echo.Fault() }
        return (Echo(), ["volume": 3], 2)
      }
    }
    return LineSocket(ends[0])
  }

  private func reply(_ connection: LineSocket, _ line: JSONLiteral) throws -> JSON {
    connection.send(line)
    return try JSON(parsing: #require(connection.nextLine()))
  }

  @Test func aWorldATaskAndTurnsComeThroughWhole() throws {
    let connection = try connection()
    let hello = try reply(connection, ["plugin": "echo"])
    #expect(hello["name"].string == "echo" && hello["configuration"]["volume"].int == 3)
    #expect(try World(hello["world"]) == Echo().world)
    let seed = UInt64.max - 5
    let begun = try reply(
      connection,
      .object(
        [.init("id", 4), .init("call", "begin"), .init("episode", 9)]
          + EpisodeTask(row: "{\"a\": \"é\"}", seed: seed).members))
    #expect(begun["id"].int == 4)
    #expect(begun["opening"][0]["content"].string == "{\"a\": \"é\"} \(seed)")
    func step(_ turn: ModelTurn) throws -> Transition {
      try Transition(
        reply(
          connection,
          .object([.init("id", 5), .init("call", "step"), .init("episode", 9)] + turn.members)))
    }
    let text = "a\u{0}\u{2028}\"\\\n"
    let transition = try step(ModelTurn(number: 1, text: text))
    #expect(transition.isVoid && transition.ending == nil && transition.reward == 0.1)
    #expect(transition.messages == [["role": "tool", "content": .string(text), "n": 1]])
    #expect(try step(ModelTurn(number: 2, text: "", isLast: true)).ending == .malformed)
    #expect(try step(ModelTurn(number: 2, text: "", isCut: true)).reward.isNaN)
    let expert = try reply(connection, ["id": 6, "call": "expert", "episode": 9])
    #expect(expert["turn"].string == "show")
  }

  @Test func whatGoesWrongIsTold() throws {
    #expect(
      try reply(connection(), ["plugin": "other"])["error"].string == "no \"such\" thing")
    let connection = try connection()
    _ = try reply(connection, ["plugin": "echo"])
    let refused = try reply(
      connection, ["id": 1, "call": "begin", "episode": 1, "row": nil, "seed": "1"])
    #expect(refused["error"].string == "no \"such\" thing")
    let missing = try reply(connection, ["id": 2, "call": "expert", "episode": 1])
    #expect(missing["error"].string == "there is no episode 1")
  }

  @Test func aProgramThatCannotServeIsRefused() {
    #expect(throws: EnvironmentFailure.self) {
      try RemoteEnvironment(["/bin/true"], opening: [:], deadline: 1)
    }
    #expect(throws: EnvironmentFailure.self) {
      try RemoteEnvironment(["/nowhere/at/all"], opening: [:], deadline: 1)
    }
  }

  @Test func threadsComeAsWorkDoes() async {
    let threads = WorkThreads(count: 3)
    // Ended before, it would drop what no thread has begun.
    defer { withExtendedLifetime(threads) {} }
    await confirmation(expectedCount: 40) { done in
      await withCheckedContinuation { continuation in
        let left = Counter(40)
        for _ in 0..<40 {
          threads.add {
            done()
            if left.down() { continuation.resume() }
          }
        }
      }
    }
  }

  private final class Counter: @unchecked Sendable {  // under its lock
    private let lock = NSLock()
    private var count: Int
    init(_ count: Int) { self.count = count }
    func down() -> Bool {
      lock.withLock {
        count -= 1
        return count == 0
      }
    }
  }
}
