import Environments
import Foundation
import JSON
import Synchronization

/// An environment to be checked, however it is made.
public struct EnvironmentSubject {
  public let name: String
  let describe: () throws -> String
  let defaults: JSONLiteral
  let configuration: JSONLiteral
  let rows: [String]
  let make: (_ configuration: JSONLiteral) throws -> any Environment

  /// - Parameters:
  ///   - describe: what a scan of the library says of the plugin, anew at each call.
  ///   - defaults: an object, every key with its default.
  ///   - configuration: the keys that the checks are done with, over the defaults.
  ///   - rows: what episodes are about, for environments whose tasks are rows.
  ///   - make: a fresh instance; throws where it refuses the keys.
  public init(
    name: String, describe: @escaping () throws -> String, defaults: JSONLiteral = .object([]),
    configuration: JSONLiteral = .object([]), rows: [String] = [],
    make: @escaping (_ configuration: JSONLiteral) throws -> any Environment
  ) {
    (self.name, self.describe, self.defaults) = (name, describe, defaults)
    (self.configuration, self.rows, self.make) = (configuration, rows, make)
  }
}

/// Holds an environment against its contract: equal tasks and turns give equal episodes, beside any
/// others, the expert reaches the goal, and no turn breaks it.
///
/// - Parameters:
///   - report: of the plugins checked before.
///   - say: takes a line as soon as there is one.
public func checkEnvironment(
  _ subject: EnvironmentSubject, into report: CheckReport = CheckReport(what: "plugin"),
  say: @escaping (String) -> Void = { _ in }
) -> CheckReport {
  var run = PluginCheckRun(plugin: subject.name, into: report, say: say)
  let configurations = PluginConfigurations(
    describe: subject.describe, defaults: subject.defaults, configuration: subject.configuration,
    make: { _ = try subject.make($0) })
  guard configurations.check(&run) else { return run.finished() }
  let make = { try subject.make(subject.configuration) }
  let needsRows = (try? make().world.needsRows) ?? false
  guard !needsRows || !subject.rows.isEmpty else {
    run.check("episodes", "episodes can be played") {
      .skipped("its tasks are rows; give some with --data FILE")
    }
    return run.finished()
  }
  let trial = EnvironmentTrial(rows: subject.rows, make: make)
  run.check("opening", "equal tasks have equal openings, of messages with role and content") {
    try trial.openings()
  }
  run.check("replay", "an episode that is run again from its turns gives the same transitions") {
    try trial.replays()
  }
  run.check("expert", "the expert reaches the goal within the turns") { try trial.expert() }
  run.check("garbage", "turns of any text get an answer, soon, and rewards are finite") {
    try trial.garbage()
  }
  run.check("threads", "episodes on eight threads do not disturb one another") {
    try trial.threads()
  }
  return run.finished()
}

/// Episodes that need no knowledge of the world: the expert's, and those of turns of nonsense.
private struct EnvironmentTrial {
  let rows: [String]
  let make: () throws -> any Environment

  private static let tasks = 8
  private static let longest = 200

  private static let nonsense =
    [
      "", " ", "no", "42", "-1", "0.5", "99999999999999999999999", "\\boxed{", "<answer>",
      "<answer></answer>", "<answer>42</answer>", "<calc>1/0</calc>", "<calc>((((</calc>",
      "<tool_call>", "<tool_call>{}</tool_call>", "<tool_call>[1]</tool_call>",
      "<tool_call>{\"name\": \"no\", \"arguments\": {}}</tool_call>",
      "<tool_call>{\"name\": 1, \"arguments\": 2}</tool_call>", "```", "```python\n", "\u{0}",
      "\u{FFFD}", "日本語 ４２", "\n\n\n", "go", "take the", "<think>", "</think>", "<|im_end|>",
    ] + ["(", "9", "a", "<", "```\n", "\u{1F600}"].map { String(repeating: $0, count: 10_000) }

  func task(_ index: Int) -> EpisodeTask {
    EpisodeTask(
      row: rows.isEmpty ? nil : rows[index % rows.count], seed: UInt64(index) &* 0x9E37_79B9)
  }

  /// What an episode came to.
  struct Course: Equatable {
    var opening: [JSONLiteral]
    var turns: [String] = []
    var transitions: [Transition] = []
    var ending: EpisodeEnding? { transitions.last?.ending }
  }

  /// Plays until the end, the bound, or where `next` has no more turns.
  func course(
    _ environment: any Environment, _ index: Int, next: (any Episode, Int) throws -> String?
  ) throws -> Course {
    let episode = try environment.begin(task(index))
    var course = Course(opening: episode.opening)
    let bound = min(environment.world.turns ?? Self.longest, Self.longest)
    while course.ending == nil, course.turns.count < bound,
      let text = try next(episode, course.turns.count)
    {
      let number = course.turns.count
      let turn = ModelTurn(number: number, text: text, isLast: number == bound - 1)
      course.turns.append(text)
      course.transitions.append(try episode.step(turn))
    }
    return course
  }

  func expertCourse(_ environment: any Environment, _ index: Int) throws -> Course {
    try course(environment, index) { episode, _ in try episode.expertTurn() }
  }

  func nonsenseCourse(_ environment: any Environment, _ index: Int) throws -> Course {
    try course(environment, index) { _, number in
      number < 20 ? Self.nonsense[(7 * number + 3 * index) % Self.nonsense.count] : nil
    }
  }

  func openings() throws -> PluginFinding {
    let (first, second) = (try make(), try make())
    for index in 0..<Self.tasks {
      let opening = try first.begin(task(index)).opening
      for other in [first, second] where try other.begin(task(index)).opening != opening {
        return .failed("task \(index) has another opening the second time")
      }
    }
    return .passed()
  }

  func replays() throws -> PluginFinding {
    let (first, second) = (try make(), try make())
    for index in 0..<Self.tasks {
      for course in [try expertCourse(first, index), try nonsenseCourse(first, index)] {
        let again = try self.course(second, index) { _, number in
          number < course.turns.count ? course.turns[number] : nil
        }
        if let why = difference(course, again) { return .failed("task \(index): \(why)") }
      }
    }
    return .passed()
  }

  func expert() throws -> PluginFinding {
    let environment = try make()
    var turns: [Int] = []
    for index in 0..<4 * Self.tasks {
      let course = try expertCourse(environment, index)
      if course.turns.isEmpty { return .skipped("nobody knows how to reach the goal") }
      guard course.ending == .succeeded else {
        let ending = course.ending?.rawValue ?? "no end"
        return .failed("task \(index) comes to \(ending) after \(course.turns.count) turns")
      }
      turns.append(course.turns.count)
    }
    return .passed(note: "\(turns.min()!) to \(turns.max()!) turns")
  }

  func garbage() throws -> PluginFinding {
    let environment = try make()
    var slowest = 0.0
    for index in Self.nonsense.indices {
      let episode = try environment.begin(task(index))
      for (number, text) in [Self.nonsense[index], ""].enumerated() {
        let begin = ContinuousClock.now
        let transition = try episode.step(
          ModelTurn(number: number, text: text, isCut: number == 1))
        slowest = max(slowest, (.now - begin) / .seconds(1))
        guard transition.reward.isFinite else {
          return .failed("'\(text.prefix(40))' has the reward \(transition.reward)")
        }
        guard slowest < 60 else {
          return .failed("'\(text.prefix(40))' takes \(FiniteDifferences.short(slowest)) s")
        }
        if transition.ending != nil { break }
      }
    }
    return .passed(note: "at most \(FiniteDifferences.short(slowest)) s")
  }

  func threads() throws -> PluginFinding {
    let environment = try make()
    let expected = try (0..<Self.tasks).map { index in
      [try expertCourse(environment, index), try nonsenseCourse(environment, index)]
    }
    let failures = Mutex<[String]>([])
    let trial = UncheckedTrial(self)
    onThreads(8) { thread in
      for index in 0..<Self.tasks {
        let index = (index + thread) % Self.tasks
        do {
          let found = [
            try trial.value.expertCourse(environment, index),
            try trial.value.nonsenseCourse(environment, index),
          ]
          for (a, b) in zip(expected[index], found) {
            if let why = trial.value.difference(a, b) {
              failures.withLock { $0.append("task \(index): \(why)") }
            }
          }
        } catch {
          failures.withLock { $0.append("task \(index): \(error)") }
        }
      }
    }
    return failures.withLock { $0.first }.map { .failed($0) } ?? .passed()
  }

  private func difference(_ a: Course, _ b: Course) -> String? {
    if a.opening != b.opening { return "another opening" }
    if a.turns != b.turns { return "another turn of the expert" }
    for (number, (x, y)) in zip(a.transitions, b.transitions).enumerated() where x != y {
      return "turn \(number), '\(a.turns[number].prefix(40))', is answered another way"
    }
    return a.transitions.count == b.transitions.count ? nil : "another number of turns"
  }
}

/// Carries the trial to other threads, which only read it and never make an instance.
private struct UncheckedTrial: @unchecked Sendable {
  let value: EnvironmentTrial
  init(_ value: EnvironmentTrial) { self.value = value }
}
