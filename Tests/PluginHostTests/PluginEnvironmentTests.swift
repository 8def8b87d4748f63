import CPluginABI
import Environments
import Foundation
import JSON
import TemperPlugin
import Testing

@testable import PluginHost

/// Gives back what it is told, and fails where it is asked to.
private struct Echo: TemperPlugin.Environment {
  struct Configuration: PluginConfiguration { var turns = 3 }
  struct Episode: Sendable { var heard: [String] = [] }

  static let id = "org.example.echo"
  static let version = "1.0.0"
  static let summary = "Gives back what it is told."
  let configuration: Configuration
  init(_ configuration: Configuration, host: TemperPlugin.Host) {
    self.configuration = configuration
  }

  var world: TemperPlugin.World {
    TemperPlugin.World(
      turns: configuration.turns,
      tools: [Tool("say", #"Says "it"."#, .init("what", "Words."), .init("n", "Times.", .integer))],
      stops: ["</say>", "\"\n"])
  }

  func begin(_ task: TemperPlugin.EpisodeTask) throws -> Episode {
    guard try task.field("bad") == nil else { throw PluginError.invalidInput("a bad row") }
    return Episode(heard: [task.row, "\(task.seed)"])
  }

  func opening(of episode: Episode) -> [Message] {
    [.system("Ühm\n\"\\\u{1}"), .user(episode.heard.joined(separator: " "))]
  }

  func step(
    _ turn: TemperPlugin.ModelTurn, _ episode: inout Episode
  ) throws -> TemperPlugin.Transition {
    if turn.text == "fail" { throw PluginError.unavailable("no more echo") }
    episode.heard.append("\(turn.number) \(turn.text) \(turn.isCut) \(turn.isLast)")
    if turn.text == "stop" { return .succeeded(.tool(episode.heard.last!), reward: 0.5) }
    return .goesOn(.user(episode.heard.last!), reward: -0.25, isVoid: turn.text.isEmpty)
  }

  func expert(_ episode: Episode) -> String? { episode.heard.count > 2 ? "stop" : nil }
}

private func hosted(_ options: String = "") throws -> PluginEnvironment {
  let table = try #require(export(Echo.self)).assumingMemoryBound(to: temper_library.self)
  let loaded = try #require(PluginLibrary(table, path: "(test)").plugins.first)
  let request = try PluginRequest(parsing: loaded.info.name + options)
  let instance = try PluginInstance(
    loaded, configuration: loaded.info.resolve(request), PluginSurroundings())
  return try PluginEnvironment(instance, loaded.info)
}

@Suite struct PluginEnvironmentTests {
  @Test func theWorldIsDescribedToTheHost() throws {
    let world = try hosted(":turns=5").world
    #expect(world.turns == 5 && !world.needsRows && world.stops == ["</say>", "\"\n"])
    #expect(
      world.tools.serialized()
        == #"[{"type":"function","function":{"name":"say","description":"Says \"it\".","#
        + #""parameters":{"type":"object","properties":{"what":{"type":"string","#
        + #""description":"Words."},"n":{"type":"integer","description":"Times."}},"#
        + #""required":["what","n"]}}}]"#)
  }

  @Test func messagesAndTurnsCrossTheBoundaryWhole() throws {
    let episode = try hosted().begin(Environments.EpisodeTask(row: #"{"a":1}"#, seed: .max))
    #expect(episode.opening[0] == ["role": "system", "content": "Ühm\n\"\\\u{1}"])
    #expect(episode.opening[1] == ["role": "user", "content": #"{"a":1} 18446744073709551615"#])
    #expect(try episode.expertTurn() == nil)
    let long = String(repeating: "ä\u{0}", count: 100_000)
    let first = try episode.step(Environments.ModelTurn(number: 0, text: long, isCut: true))
    #expect(first.messages == [["role": "user", "content": .string("0 \(long) true false")]])
    #expect(first.ending == nil && first.reward == -0.25 && !first.isVoid)
    #expect(try episode.step(Environments.ModelTurn(number: 1, text: "", isLast: true)).isVoid)
    #expect(try episode.expertTurn() == "stop")
    let last = try episode.step(Environments.ModelTurn(number: 2, text: "stop"))
    #expect(last.ending == .succeeded && last.reward == 0.5)
    #expect(last.messages == [["role": "tool", "content": "2 stop false false"]])
  }

  @Test func theLastTurnOfTheWorldEndsTheEpisode() throws {
    let episode = try hosted(":turns=2").begin(Environments.EpisodeTask(seed: 0))
    #expect(try episode.step(Environments.ModelTurn(number: 0, text: "a")).ending == nil)
    #expect(try episode.step(Environments.ModelTurn(number: 1, text: "b")).ending == .outOfTurns)
  }

  @Test func whatThePluginSaysOfAFailureIsTold() throws {
    #expect {
      try hosted().begin(Environments.EpisodeTask(row: #"{"bad":1}"#, seed: 0))
    } throws: {
      "\($0)" == "echo: begin failed: a bad row"
    }
    let episode = try hosted().begin(Environments.EpisodeTask(seed: 0))
    #expect {
      try episode.step(Environments.ModelTurn(number: 0, text: "fail"))
    } throws: {
      "\($0)" == "echo: step failed: no more echo"
    }
  }
}

/// Libraries that break the contract, each in its own way.
@Suite(.enabled(if: CFixture.isPossible, CFixture.absence))
struct BrokenEnvironmentTests {
  private func failure(_ macro: String) throws -> String {
    var found = "no failure"
    try withFolder { folder in
      let path = try CFixture.library("world", as: "world_\(macro)", macros: [macro], in: folder)
      do {
        let environment = try PluginCatalog(searchPath: [path])
          .environment(PluginRequest(name: "world")).environment
        let episode = try environment.begin(Environments.EpisodeTask(seed: 0))
        _ = try episode.step(Environments.ModelTurn(number: 0, text: "x"))
      } catch { found = "\(error)".replacing(path, with: "PATH") }
    }
    return found
  }

  @Test(arguments: [
    ("RIGHT", "no failure"),
    (
      "NO_END",
      "PATH: breaks the plugin contract: the table 'temper.environment/1' of 'world' lacks 'end'"
    ),
    ("TOOLS", "PATH: breaks the plugin contract: 'world' gives tools that are no JSON array: {"),
    ("NO_EPISODE", "world: begin reports success and gives no episode"),
    ("SILENT", "world: begin gives no message for the model to answer"),
    ("NO_JSON", "world: what begin writes is no JSON array of messages: hello"),
    (
      "NO_ROLE", #"world: begin writes what is no message with a role and content: {"role":"user"}"#
    ),
    ("ENDING", "world: step gives the ending 77, which there is not"),
    ("NOT_FINITE", "world: step gives the reward nan"),
  ])
  func eachIsNamed(_ macro: String, _ reason: String) throws {
    #expect(try failure(macro) == reason)
  }
}
