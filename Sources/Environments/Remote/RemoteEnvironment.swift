import Foundation
import JSON

/// An environment in a process of its own, so that one that crashes or hangs ends its episode and
/// nothing else.
///
/// The process is started again, and the other live episodes are brought back by their turns, which
/// give what they gave before. A step that takes longer than the deadline is guilty of it. When the
/// process ends by itself, the calls that it was at are made again one at a time: that which ends it
/// again is guilty.
public final class RemoteEnvironment: Environment, @unchecked Sendable {  // process under its lock
  public let name: String
  public let world: World
  /// Every key with the value that is in force.
  public let configuration: JSONLiteral
  /// Seconds of a call.
  let deadline: Double
  private let command: [String]
  private let opening: JSONLiteral
  private let lock = NSLock()
  private var process: EnvironmentProcess
  private var episodes = 0
  private let gate = Gate()

  /// - Parameters:
  ///   - command: starts a program that serves its standard input by ``EnvironmentServer``.
  ///   - opening: tells it which environment.
  ///   - deadline: seconds of a call.
  /// - Throws: ``EnvironmentFailure`` with what the program says of that.
  public init(_ command: [String], opening: JSONLiteral, deadline: Double) throws {
    (self.command, self.opening, self.deadline) = (command, opening, deadline)
    let (process, reply) = try Self.started(command, opening, deadline)
    self.process = process
    name = try reply["name"].requireString()
    world = try World(reply["world"])
    configuration = JSONLiteral(reply["configuration"])
  }

  private static func started(
    _ command: [String], _ opening: JSONLiteral, _ deadline: Double
  ) throws -> (EnvironmentProcess, JSON) {
    let process = try EnvironmentProcess(command)
    // A library may have much to read, and the machine other things to do.
    let limit = max(deadline, 60)
    do {
      return (process, try process.open(opening, within: limit))
    } catch .refused(let reason) {
      throw EnvironmentFailure(reason)
    } catch .crashed(let how) {
      throw EnvironmentFailure("the environment's process \(how) before it could begin")
    } catch {
      throw EnvironmentFailure("the environment's process did not begin within \(limit) s")
    }
  }

  public func begin(_ task: EpisodeTask) throws -> any Episode {
    try perform { process throws(EnvironmentProcess.Fault) in
      let episode = RemoteEpisode(task, of: self)
      try episode.move(to: process)
      return episode
    }
  }

  fileprivate func nextNumber() -> Int {
    lock.withLock {
      episodes += 1
      return episodes
    }
  }

  private func current() throws -> EnvironmentProcess {
    try lock.withLock {
      if !process.isAlive { process = try Self.started(command, opening, deadline).0 }
      return process
    }
  }

  /// Makes a call, on another process where the one at hand comes to its end.
  fileprivate func perform<Value>(
    _ call: (EnvironmentProcess) throws(EnvironmentProcess.Fault) -> Value
  ) throws -> Value {
    var isSuspect = false
    while true {
      gate.enter(alone: isSuspect)
      defer { gate.leave() }
      let process = try current()
      do {
        return try call(process)
      } catch .refused(let reason) {
        throw EnvironmentFailure(reason)
      } catch .deadline {
        throw EnvironmentFailure("no answer within \(deadline) s (environment.deadline)")
      } catch .crashed(let how) {
        if isSuspect { throw EnvironmentFailure("the environment's process \(how)") }
        isSuspect = true
      } catch .lost {
        // Another call's fault: once more.
      }
    }
  }
}

/// An episode in another process, with what it takes to bring it back.
private final class RemoteEpisode: Episode, @unchecked Sendable {  // one caller at a time
  private(set) var opening: [JSONLiteral] = []
  private let task: EpisodeTask
  private let environment: RemoteEnvironment
  private let number: Int
  private var turns: [ModelTurn] = []
  private var process: EnvironmentProcess?

  init(_ task: EpisodeTask, of environment: RemoteEnvironment) {
    (self.task, self.environment) = (task, environment)
    number = environment.nextNumber()
  }

  deinit { process?.forget(episode: number) }

  func step(_ turn: ModelTurn) throws -> Transition {
    let reply = try ask("step", turn.members)
    let transition = try Transition(reply)
    turns.append(turn)
    return transition
  }

  func expertTurn() throws -> String? { try ask("expert")["turn"].string }

  private func ask(_ call: String, _ members: [JSONLiteral.Member] = []) throws -> JSON {
    try environment.perform { process throws(EnvironmentProcess.Fault) in
      if self.process !== process { try move(to: process) }
      return try process.exchange(
        call, episode: number, members, within: environment.deadline)
    }
  }

  /// Begins the episode in `process`, and repeats the turns that it has had.
  func move(to process: EnvironmentProcess) throws(EnvironmentProcess.Fault) {
    let reply = try process.exchange(
      "begin", episode: number, task.members, within: environment.deadline)
    opening = (reply["opening"].array ?? []).map { JSONLiteral($0) }
    for turn in turns {
      _ = try process.exchange(
        "step", episode: number, turn.members, within: environment.deadline)
    }
    self.process = process
  }
}

/// Lets many in, or one alone, who is not kept waiting by those who come after.
private final class Gate: @unchecked Sendable {  // under its lock
  private let condition = NSCondition()
  private var inside = 0
  private var isTaken = false
  private var waiting = 0

  func enter(alone: Bool) {
    condition.withLock {
      if alone {
        waiting += 1
        while inside > 0 { condition.wait() }
        waiting -= 1
        isTaken = true
      } else {
        while isTaken || waiting > 0 { condition.wait() }
      }
      inside += 1
    }
  }

  func leave() {
    condition.withLock {
      inside -= 1
      isTaken = false
      condition.broadcast()
    }
  }
}
