import CPluginABI
import Environments
import JSON

/// An environment behind a C table.
final class PluginEnvironment: Environment {
  let name: String
  let world: World
  fileprivate let instance: PluginInstance
  fileprivate let table: temper_environment

  init(_ instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    let table = try temper_environment(of: instance, info)
    world = try table.world(of: instance, info)
    (name, self.instance, self.table) = (info.name, instance, table)
  }

  func begin(_ task: EpisodeTask) throws -> any Episode {
    var begun: OpaquePointer?
    let opening = try collecting { sink in
      try attempt("begin") { error in
        withText(task.row ?? "") { row in
          var task = temper_task(
            size: UInt32(MemoryLayout<temper_task>.size), row: row, seed: task.seed)
          return table.begin(instance.pointer, &task, sink, &begun, error)
        }
      }
    }
    guard let begun else {
      throw CallFailure("\(name): begin reports success and gives no episode")
    }
    let episode = PluginEpisode(begun, of: self)
    episode.opening = try messages(opening, of: "begin")
    guard !episode.opening.isEmpty else {
      throw CallFailure("\(name): begin gives no message for the model to answer")
    }
    return episode
  }

  fileprivate func attempt(
    _ function: String, _ call: (UnsafeMutablePointer<temper_error>) -> temper_status
  ) throws(CallFailure) {
    var error = temper_error()
    let status = call(&error)
    guard status == TEMPER_OK else {
      throw CallFailure("\(name): \(function) failed: \(error.text(status))")
    }
  }

  /// The messages that a plugin wrote; each has to have a role and text.
  fileprivate func messages(
    _ text: String, of function: String
  ) throws(CallFailure) -> [JSONLiteral] {
    guard !text.isEmpty else { return [] }
    guard let messages = (try? JSON(parsing: text))?.array else {
      throw CallFailure("\(name): what \(function) writes is no JSON array of messages: \(text)")
    }
    for message in messages {
      let role = message["role"].string ?? ""
      guard ["system", "user", "assistant", "tool"].contains(role),
        message["content"].string != nil
      else {
        throw CallFailure(
          "\(name): \(function) writes what is no message with a role and content: "
            + message.summary)
      }
    }
    return messages.map { JSONLiteral($0) }
  }
}

/// An episode behind a C table, ended with the last reference to it.
private final class PluginEpisode: Episode, @unchecked Sendable {  // one caller at a time
  var opening: [JSONLiteral] = []
  private let pointer: OpaquePointer
  private let environment: PluginEnvironment

  init(_ pointer: OpaquePointer, of environment: PluginEnvironment) {
    (self.pointer, self.environment) = (pointer, environment)
  }

  deinit { environment.table.end(environment.instance.pointer, pointer) }

  func step(_ turn: ModelTurn) throws -> Transition {
    var out = temper_transition()
    out.size = UInt32(MemoryLayout<temper_transition>.size)
    let messages = try collecting { sink in
      out.messages = sink
      try environment.attempt("step") { error in
        withText(turn.text) { text in
          var turn = temper_turn(
            size: UInt32(MemoryLayout<temper_turn>.size), number: UInt32(turn.number),
            is_cut: turn.isCut ? 1 : 0, is_last: turn.isLast ? 1 : 0, text: text)
          return environment.table.step(
            environment.instance.pointer, pointer, &turn, &out, error)
        }
      }
    }
    guard out.reward.isFinite else {
      throw CallFailure("\(environment.name): step gives the reward \(out.reward)")
    }
    return Transition(
      ending: try ending(out.ending), reward: out.reward, isVoid: out.is_void != 0,
      messages: try environment.messages(messages, of: "step"))
  }

  func expertTurn() throws -> String? {
    guard let expert = environment.table.expert else { return nil }
    let turn = try collecting { sink in
      try environment.attempt("expert") {
        expert(environment.instance.pointer, pointer, sink, $0)
      }
    }
    return turn.isEmpty ? nil : turn
  }

  private func ending(_ ending: temper_ending) throws(CallFailure) -> EpisodeEnding? {
    switch ending {
    case TEMPER_GOES_ON: return nil
    case TEMPER_SUCCEEDED: return .succeeded
    case TEMPER_MISSED: return .missed
    case TEMPER_OUT_OF_TURNS: return .outOfTurns
    case TEMPER_MALFORMED: return .malformed
    default:
      throw CallFailure(
        "\(environment.name): step gives the ending \(ending.rawValue), which there is not")
    }
  }
}

extension temper_environment {
  /// The functions that an instance's table has, those beyond its end as NULL: a table may be
  /// older, and so shorter, than this host's.
  fileprivate init(of instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    guard let table = instance.table(TEMPER_ENVIRONMENT, as: temper_environment.self) else {
      throw .malformed(
        path: info.place, reason: "'\(info.name)' serves no table '\(TEMPER_ENVIRONMENT)'")
    }
    let size = min(Int(table.pointee.size), MemoryLayout<temper_environment>.size)
    self.init()
    withUnsafeMutableBytes(of: &self) { whole in
      whole.copyBytes(from: UnsafeRawBufferPointer(start: table, count: size / 8 * 8))
    }
    for (function, isThere) in [
      ("describe", describe != nil), ("begin", begin != nil), ("step", step != nil),
      ("end", end != nil),
    ] where !isThere {
      throw .malformed(
        path: info.place,
        reason: "the table '\(TEMPER_ENVIRONMENT)' of '\(info.name)' lacks '\(function)'")
    }
  }

  fileprivate func world(
    of instance: PluginInstance, _ info: PluginInfo
  ) throws(PluginHostError) -> World {
    var out = temper_world()
    out.size = UInt32(MemoryLayout<temper_world>.size)
    var error = temper_error()
    var (status, stops) = (TEMPER_OK, "")
    let tools = collecting { tools in
      stops = collecting { stops in
        (out.tools, out.stops) = (tools, stops)
        status = describe(instance.pointer, &out, &error)
      }
    }
    guard status == TEMPER_OK else {
      throw .notCreated(name: info.name, reason: error.text(status))
    }
    func array(_ text: String, _ what: String) throws(PluginHostError) -> [JSON] {
      if text.isEmpty { return [] }
      if let array = (try? JSON(parsing: text))?.array { return array }
      throw .malformed(
        path: info.place, reason: "'\(info.name)' gives \(what) that are no JSON array: \(text)")
    }
    let offered = try array(tools, "tools")
    let texts = try array(stops, "stops").compactMap(\.string).filter { !$0.isEmpty }
    return World(
      turns: out.turns == 0 ? nil : Int(out.turns), needsRows: out.needs_rows != 0,
      tools: offered.isEmpty ? .null : .array(offered.map { JSONLiteral($0) }), stops: texts)
  }
}

/// An environment that is ready, with what the run folder should remember of it.
public struct ResolvedEnvironment: Sendable {
  public let environment: any Environment
  public let info: PluginInfo
  /// Every key with the value that is in force.
  public let configuration: JSONLiteral
}

extension PluginCatalog {
  /// Makes the environment that a request names.
  public func environment(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedEnvironment {
    let loaded = try plugin(for: request, kind: .environment)
    let configuration = try loaded.info.resolve(request, surroundings)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    return ResolvedEnvironment(
      environment: try PluginEnvironment(instance, loaded.info), info: loaded.info,
      configuration: configuration)
  }
}
