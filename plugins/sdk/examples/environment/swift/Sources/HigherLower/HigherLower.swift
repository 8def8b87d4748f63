import TemperPlugin

/// A number to be found by guesses that are answered with higher or lower.
struct HigherLower: Environment {
  struct Configuration: PluginConfiguration {
    var largest = 100
    var turns = 7
  }
  struct Episode: Sendable {
    let hidden: Int
    var range: ClosedRange<Int>
  }

  static let id = "org.example.higher-lower"
  static let version = "1.0.0"
  static let summary = "A number to be found by guesses."

  let configuration: Configuration
  var world: World { World(turns: configuration.turns) }

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("largest", Double(configuration.largest), atLeast: 2, atMost: 1e9)
    self.configuration = configuration
  }

  func begin(_ task: EpisodeTask) -> Episode {
    var random = task.random()
    let range = 1...configuration.largest
    return Episode(hidden: random.number(in: range), range: range)
  }

  func opening(of episode: Episode) -> [Message] {
    [.user("Find my number from 1 to \(configuration.largest).")]
  }

  func step(_ turn: ModelTurn, _ episode: inout Episode) -> Transition {
    guard let guess = Int(turn.text.filter("0123456789".contains)) else {
      return .goesOn(.user("Write a number."), isVoid: true)
    }
    let hidden = episode.hidden
    if guess == hidden { return .succeeded(.user("Yes.")) }
    let bounds = guess < hidden ? guess + 1...Int.max : Int.min...guess - 1
    episode.range = episode.range.clamped(to: bounds)
    return .goesOn(.user(guess < hidden ? "Higher." : "Lower."))
  }

  func expert(_ episode: Episode) -> String? {
    String((episode.range.lowerBound + episode.range.upperBound) / 2)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(HigherLower.self) }
