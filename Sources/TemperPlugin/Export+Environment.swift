import CPluginABI
import FoundationEssentials

/// The `temper.environment/1` table of every Swift environment.
nonisolated(unsafe) let environmentTable = permanent(
  temper_environment(
    size: size(of: temper_environment.self),
    describe: { instance, world, error in
      report(to: error) { try EnvironmentInstance.at(instance).describe(world!) }
    },
    begin: { instance, task, messages, episode, error in
      report(to: error) {
        let begun = try EnvironmentInstance.at(instance)
          .begin(EpisodeTask(row: String(task!.pointee.row), seed: task!.pointee.seed), messages)
        episode!.pointee = OpaquePointer(Unmanaged.passRetained(begun).toOpaque())
      }
    },
    step: { instance, episode, turn, transition, error in
      report(to: error) {
        try EnvironmentInstance.at(instance).step(.at(episode), ModelTurn(turn!.pointee))
          .write(to: transition!)
      }
    },
    expert: { instance, episode, turn, error in
      report(to: error) {
        write(try EnvironmentInstance.at(instance).expert(.at(episode)) ?? "", to: turn)
      }
    },
    end: { _, episode in Unmanaged<BegunEpisode>.fromOpaque(UnsafeRawPointer(episode!)).release() }
  ))

/// What the table's functions, which know no type, find behind their instance.
class EnvironmentInstance: Instance {
  func describe(_ world: UnsafeMutablePointer<temper_world>) throws {}
  func begin(_ task: EpisodeTask, _ messages: temper_sink) throws -> BegunEpisode {
    BegunEpisode()
  }
  func step(_ episode: BegunEpisode, _ turn: ModelTurn) throws -> Transition { Transition() }
  func expert(_ episode: BegunEpisode) throws -> String? { nil }
}

/// What stands behind a `temper_episode`.
class BegunEpisode {
  static func at(_ pointer: OpaquePointer?) -> BegunEpisode {
    Unmanaged.fromOpaque(UnsafeRawPointer(pointer!)).takeUnretainedValue()
  }
}

final class EnvironmentInstanceOf<P: Environment>: EnvironmentInstance {
  private final class Begun: BegunEpisode {
    var episode: P.Episode
    init(_ episode: P.Episode) { self.episode = episode }
  }

  private let plugin: P
  private let world: World

  init(_ plugin: P) { (self.plugin, world) = (plugin, plugin.world) }

  override func describe(_ out: UnsafeMutablePointer<temper_world>) throws {
    guard world.turns ?? 1 > 0, world.turns ?? 1 <= Int(UInt32.max) else {
      throw PluginError.invalidConfiguration("an episode of \(world.turns!) turns is none")
    }
    out.pointee.turns = UInt32(world.turns ?? 0)
    out.pointee.needs_rows = world.needsRows ? 1 : 0
    if !world.tools.isEmpty { write(world.tools.map(\.json).jsonArray, to: out.pointee.tools) }
    if !world.stops.isEmpty { write(world.stops.map(\.quoted).jsonArray, to: out.pointee.stops) }
  }

  override func begin(_ task: EpisodeTask, _ messages: temper_sink) throws -> BegunEpisode {
    guard !world.needsRows || !task.row.isEmpty else {
      throw PluginError.invalidInput("an episode is about a row of data, and there is none")
    }
    let episode = try plugin.begin(task)
    write(plugin.opening(of: episode).map(\.json).jsonArray, to: messages)
    return Begun(episode)
  }

  override func step(_ episode: BegunEpisode, _ turn: ModelTurn) throws -> Transition {
    let begun = unsafeDowncast(episode, to: Begun.self)
    var transition = try plugin.step(turn, &begun.episode)
    if transition.ending == nil, let turns = world.turns, turn.number + 1 >= turns {
      transition.ending = .outOfTurns
    }
    return transition
  }

  override func expert(_ episode: BegunEpisode) throws -> String? {
    try plugin.expert(unsafeDowncast(episode, to: Begun.self).episode)
  }
}

extension ModelTurn {
  init(_ turn: temper_turn) {
    self.init(
      number: Int(turn.number), text: String(turn.text), isCut: turn.is_cut != 0,
      isLast: turn.is_last != 0)
  }
}

extension Transition {
  fileprivate func write(to out: UnsafeMutablePointer<temper_transition>) {
    out.pointee.ending =
      switch ending {
      case nil: TEMPER_GOES_ON
      case .succeeded: TEMPER_SUCCEEDED
      case .missed: TEMPER_MISSED
      case .outOfTurns: TEMPER_OUT_OF_TURNS
      case .malformed: TEMPER_MALFORMED
      }
    out.pointee.reward = reward
    out.pointee.is_void = isVoid ? 1 : 0
    if !messages.isEmpty {
      TemperPlugin.write(messages.map(\.json).jsonArray, to: out.pointee.messages)
    }
  }
}
