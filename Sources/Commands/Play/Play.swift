import ArgumentParser
import Environments
import Foundation
import JSON
import PluginHost

/// `temper play`: take the model's place in an environment, or watch its expert.
struct Play: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play",
    abstract: "Take the model's place in an environment, or write its expert's demonstrations.",
    usage: """
      temper play --environment NAME[:key=value,...] [--seed 7] [--data FILE --row 3]
      temper play --environment NAME --expert [--episodes 1000 --out FILE]
      """,
    discussion: """
      A line is a turn; one that ends in \\ goes on in the next line, and so does one in which a \
      code block is open. Ctrl-D and Ctrl-C leave.

      The files of --out are for `temper sft`: one row for each of the expert's turns, with the \
      messages before it. With --model they are written for that model: as text, where it has no \
      chat template.
      """)

  @Option(help: "NAME or PATH of an environment, with its settings.") var environment: String
  @Option(help: "The task's seed; further episodes take the next ones.") var seed: UInt64 = 0
  @Option(help: "A file of rows, for environments whose tasks are rows.") var data: String?
  @Option(help: "The row that an episode is about, from 1; further episodes take the next ones.")
  var row = 1
  @Flag(help: "Let the environment's expert play.") var expert = false
  @Option(help: "How many episodes.") var episodes = 1
  @Option(help: "With --expert, the file that gets the demonstrations instead of the screen.")
  var out: String?
  @Option(help: "With --out, the folder of the model that will learn them.") var model: String?
  @Option(help: "The most turns of an episode, where the environment allows more.") var turns = 100
  @Option(name: .customLong("plugins"), help: "A further folder to look in; repeatable.")
  var folders: [String] = []
  @Flag(help: "Run programs with limits alone where no sandbox can be had.")
  var allowUnsandboxed = false

  func validate() throws {
    guard episodes > 0, turns > 0, row > 0 else {
      throw ValidationError("--episodes, --turns and --row count from 1.")
    }
    guard out == nil || expert else {
      throw ValidationError("--out needs --expert: demonstrations are the expert's.")
    }
    guard model == nil || out != nil else {
      throw ValidationError("--model needs --out: what is written for the model.")
    }
  }

  func run() throws {
    Interruption.listen()
    let environment = try ready()
    let tasks = try EpisodeTasks(
      data.map { URL(filePath: $0) }, needsRows: environment.world.needsRows, seed: seed, row: row)
    if let out { return try writeDemonstrations(of: environment, tasks, to: out) }
    for index in 0..<episodes where !Interruption.isRequested {
      let session = PlaySession(environment, turns: turns, isExpert: expert)
      guard try session.play(tasks.task(index)) else { return }
    }
  }

  private func ready() throws -> any Environment {
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, allowsUnsandboxed: allowUnsandboxed)
    return try catalog.environment(PluginRequest(parsing: environment), surroundings).environment
  }

  private func writeDemonstrations(
    of environment: any Environment, _ tasks: EpisodeTasks, to path: String
  ) throws {
    let transcript = try model.flatMap { try Transcript(model: $0) }
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw ConfigurationError.file(path, reason: "it cannot be written") }
    defer { try? file.close() }
    var (rows, solved, played) = (0, 0, 0)
    for index in 0..<episodes where !Interruption.isRequested {
      let demonstration = try Demonstration(
        of: environment, tasks.task(index), turns: turns, transcript)
      played += 1
      solved += demonstration.isSolved ? 1 : 0
      rows += demonstration.rows.count
      let lines = demonstration.rows.map { $0.serialized() + "\n" }.joined()
      try file.write(contentsOf: Data(lines.utf8))
    }
    Console.note("\(rows) rows of \(played) episodes in \(path); the expert solved \(solved)")
  }
}

/// What the episodes are about.
struct EpisodeTasks {
  private let rows: [String]
  private let seed: UInt64
  private let first: Int

  init(_ file: URL?, needsRows: Bool, seed: UInt64, row: Int) throws {
    guard let file else {
      guard !needsRows else {
        throw ConfigurationError.missing(
          key: "data", help: "an episode of this environment is about a row; give a file of rows")
      }
      (rows, self.seed, first) = ([], seed, 0)
      return
    }
    let lines = try JSONLines(of: file)
    rows = lines.texts.map { String(decoding: $0.bytes, as: UTF8.self) }
    guard row <= rows.count else {
      throw ConfigurationError.value(
        place: "--row", value: "\(row)", expected: "at most \(rows.count), the rows of the file")
    }
    (self.seed, first) = (seed, row - 1)
  }

  func task(_ index: Int) -> EpisodeTask {
    EpisodeTask(
      row: rows.isEmpty ? nil : rows[(first + index) % rows.count], seed: seed &+ UInt64(index))
  }
}
