import Environments
import JSON
import PluginHost

let shipped = PluginCatalog()

/// A shipped environment, `NAME` or `NAME:key=value,...`.
func environment(_ request: String) throws -> any Environment {
  try shipped.environment(PluginRequest(parsing: request)).environment
}

/// An episode with what was said in it.
struct Played {
  let episode: any Episode
  private let environment: any Environment
  private(set) var transitions: [Transition] = []

  init(_ environment: any Environment, seed: UInt64 = 0, row: String? = nil) throws {
    self.environment = environment
    episode = try environment.begin(EpisodeTask(row: row, seed: seed))
  }

  init(_ request: String, seed: UInt64 = 0, row: String? = nil) throws {
    try self.init(EnvironmentPluginsTests.environment(request), seed: seed, row: row)
  }

  var opening: String { text(episode.opening) }
  var ending: EpisodeEnding? { transitions.last?.ending }
  var reward: Double { transitions.reduce(0) { $0 + $1.reward } }

  /// - Returns: what the environment says to a turn.
  @discardableResult
  mutating func say(_ turn: String, isCut: Bool = false) throws -> String {
    transitions.append(
      try episode.step(ModelTurn(number: transitions.count, text: turn, isCut: isCut)))
    return text(transitions.last!.messages)
  }

  var wasVoid: Bool { transitions.last?.isVoid ?? false }

  /// Lets the expert play to the end.
  /// - Returns: its turns.
  @discardableResult
  mutating func letExpertPlay() throws -> [String] {
    var turns: [String] = []
    while ending == nil, let turn = try episode.expertTurn() {
      turns.append(turn)
      try say(turn)
    }
    return turns
  }
}

func text(_ messages: [JSONLiteral]) -> String {
  messages.map { message in
    guard case .string(let content)? = message["content"] else { return "?" }
    return content
  }.joined(separator: "\n")
}
