import Foundation
import JSON

/// Serves an environment to another process, over a socket.
public final class EnvironmentServer: @unchecked Sendable {  // episodes and output under a lock
  public typealias Opened = (
    environment: any Environment, configuration: JSONLiteral, threads: Int
  )

  private let environment: any Environment
  private let connection: LineSocket
  private let lock = NSLock()
  private var episodes: [Int: any Episode] = [:]

  private init(_ environment: any Environment, _ connection: LineSocket) {
    (self.environment, self.connection) = (environment, connection)
  }

  /// Reads the line that says which environment it is, then serves until the other side closes.
  ///
  /// - Parameters:
  ///   - descriptor: the socket.
  ///   - open: makes the environment; also gives its configuration in full, and how many episodes
  ///     are answered at once. What it throws is told the other side.
  public static func serve(
    _ descriptor: Int32, open: (JSON) throws -> Opened
  ) {
    let connection = LineSocket(descriptor)
    guard let first = connection.nextLine() else { return }
    let opened: Opened
    do {
      opened = try open(JSON(parsing: first))
    } catch {
      connection.send(["error": .string("\(error)")])
      return
    }
    connection.send([
      "name": .string(opened.environment.name), "world": opened.environment.world.json,
      "configuration": opened.configuration,
    ])
    let server = EnvironmentServer(opened.environment, connection)
    let workers = WorkThreads(count: opened.threads)
    while let line = connection.nextLine() {
      guard let request = try? JSON(parsing: line) else { continue }
      // Ended in the order of the requests, which come one at a time for an episode.
      if request["call"].string == "end" {
        server.episode(of: request, remove: true)
      } else {
        workers.add { server.answer(request) }
      }
    }
  }

  private func answer(_ request: JSON) {
    var reply: [JSONLiteral.Member] = [.init("id", .int(request["id"].int ?? -1))]
    do {
      reply += try members(answering: request)
    } catch {
      reply.append(.init("error", .string("\(error)")))
    }
    connection.send(.object(reply))
  }

  private func members(answering request: JSON) throws -> [JSONLiteral.Member] {
    let call = try request["call"].requireString()
    if call == "begin" {
      let episode = try environment.begin(EpisodeTask(request))
      let number = try request["episode"].requireInt()
      lock.withLock { episodes[number] = episode }
      return [.init("opening", .array(episode.opening))]
    }
    guard let episode = episode(of: request) else {
      throw EnvironmentFailure("there is no episode \(request["episode"].serialized)")
    }
    if call == "expert" {
      return [.init("turn", try episode.expertTurn().map { .string($0) } ?? .null)]
    }
    return try episode.step(ModelTurn(request)).members
  }

  @discardableResult
  private func episode(of request: JSON, remove: Bool = false) -> (any Episode)? {
    guard let number = request["episode"].int else { return nil }
    return lock.withLock { remove ? episodes.removeValue(forKey: number) : episodes[number] }
  }
}

/// What an environment, or the process that it runs in, did to its episode.
public struct EnvironmentFailure: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
