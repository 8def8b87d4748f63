import TemperPlugin

/// A house in which objects are to be found, treated and put where they belong.
struct Household: Environment {
  struct Configuration: PluginConfiguration {
    var size = Size.full
    /// The most turns; 50 in the full size and 12 in the small one unless set.
    var turns: Int?
    /// Say no more than what is there: for models that know the commands.
    var terse = false
  }

  enum Size: String, PluginChoice { case small, full }

  static let id = "temper.household"
  static let version = "1.0.0"
  static let summary = "A text world of rooms, furniture and objects, with goals of many turns."

  let configuration: Configuration
  private let plan: Plan

  init(_ configuration: Configuration, host: Host) throws {
    if let turns = configuration.turns {
      try configuration.require("turns", Double(turns), atLeast: 1, atMost: 1000)
    }
    self.configuration = configuration
    plan = configuration.size == .small ? .small : .full
  }

  var world: World {
    World(turns: configuration.turns ?? (configuration.size == .small ? 12 : 50))
  }

  func begin(_ task: EpisodeTask) -> House {
    var random = task.random()
    return House(plan, &random)
  }

  func opening(of house: House) -> [Message] {
    var house = house
    let view = house.act(.look, terse: configuration.terse)
    let doors = house.rooms.indices.flatMap { room in
      house.rooms[room].exits.filter { $0 > room }.map {
        "\(house.rooms[room].name) - \(house.rooms[$0].name)"
      }
    }
    if configuration.terse {
      return [.user("task: \(house.task)\ndoors: \(doors.joined(separator: ", "))\n\(view)")]
    }
    return [
      .user(
        """
        You are in a house. Your task: \(house.task). You can carry one object.
        Doors: \(doors.joined(separator: ", ")).
        Commands: \(Command.list). Write one command.

        \(view)
        """)
    ]
  }

  func step(_ turn: ModelTurn, _ house: inout House) -> Transition {
    guard let command = Command(turn: turn.text) else {
      return .goesOn(.user("That is no command."), isVoid: true)
    }
    let answer = house.act(command, terse: configuration.terse)
    return house.isGoalReached ? .succeeded(.user("\(answer) Done.")) : .goesOn(.user(answer))
  }

  func expert(_ house: House) -> String? { house.expertCommand }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Household.self) }
