import Datasets
import Foundation
import Kernels
import Models
import Rollouts
import Tokenizers
import Training

/// A run that is put together as `temper grpo` would, and looked at instead of begun.
///
/// Cheap looks come first, and memory before anything that takes some; a part that cannot be had is
/// a fault of its own, and what needs it is left out.
final class RunExamination {
  let configuration: GRPOConfiguration
  let groups: Int
  /// How long sampling may take; `nil` leaves it what there is of a minute.
  let seconds: Double?
  private(set) var findings: [Finding] = []
  /// When it began.
  private let start = ContinuousClock.now
  /// Everything together is to be done within a minute, and sampling ends a token late.
  private static let longest = 50.0

  init(_ configuration: GRPOConfiguration, groups: Int, seconds: Double?) throws {
    (self.configuration, self.groups, self.seconds) = (configuration, groups, seconds)
    try configuration.check()
    if let threads = configuration.run.threads { ThreadPool.resize(threads) }
    look()
  }

  private func look() {
    guard
      let folder = had("model", { try ModelFolder(modelURL) }),
      let tokenizer = had("tokenizer", { try Tokenizer(folder: modelURL) })
    else { return }
    findings.append(MemoryCheck(configuration, folder.configuration).finding)
    findings.append(TokenIdCheck(folder, tokenizer).finding)
    guard memoryFits,
      let model = had(
        "weights",
        {
          try LoadedModel(
            modelURL.path, precision: configuration.run.dtype.precision,
            longestSequence: configuration.longestSequence)
        }),
      let format = had("settings", { try configuration.data.format(for: model) })
    else { return }
    let isPlayed = configuration.environment.plugin != nil
    findings.append(TemplateCheck(format, hasTurns: isPlayed).finding)
    findings.append(EndTokenCheck(model, format, configuration.rollout.sampling).finding)
    let judges = had("verifiers") { try self.verifiers() }
    guard let environment = had("environment", { try self.environment() }),
      let tasks = had("data", { try self.tasks(for: model, environment, judges ?? nil) })
    else { return }
    findings.append(tasks.finding)
    if let verifiers = tasks.verifiers, let dataset = tasks.source.dataset,
      let check = had("gold answers", { try GoldAnswerCheck(dataset, verifiers) })
    {
      findings.append(check.finding)
    }
    guard groups > 0, isPlayed || tasks.verifiers != nil else { return }
    let check = TiedGroupCheck(configuration, model, tasks)
    let seconds = self.seconds ?? max(5, Self.longest - (ContinuousClock.now - start) / .seconds(1))
    if let finding = had("groups", { try check.finding(groups: groups, seconds: seconds) }) {
      findings.append(finding)
    }
  }

  private var modelURL: URL {
    URL(filePath: configuration.run.model, directoryHint: .isDirectory)
  }

  /// Whether the weights can be held at all.
  private var memoryFits: Bool {
    !findings.contains { $0.name == "run memory" && $0.state == .fault }
  }

  /// A part of the run; what it throws is a fault.
  private func had<Part>(_ name: String, _ make: () throws -> Part) -> Part? {
    do {
      return try make()
    } catch {
      findings.append(Finding(name, .fault, "\(error)"))
      return nil
    }
  }

  /// Who judges; `nil` where the environment alone does.
  private func verifiers() throws -> ReadyVerifiers? {
    guard !configuration.verifiers.isEmpty else { return nil }
    return try ReadyVerifiers(
      configuration.verifiers, folders: configuration.pluginFolders,
      seed: configuration.run.seed, allowsUnsandboxed: configuration.allowsUnsandboxed)
  }

  /// The world of a run that has one.
  private func environment() throws -> ReadyEnvironment? {
    try ReadyEnvironment(
      configuration.environment, folders: configuration.pluginFolders,
      seed: configuration.run.seed, allowsUnsandboxed: configuration.allowsUnsandboxed)
  }

  /// Tasks, how they are played, and who judges them.
  private func tasks(
    for model: LoadedModel, _ environment: ReadyEnvironment?, _ verifiers: ReadyVerifiers?
  ) throws -> RunTasks {
    let run = configuration
    let pool = try run.promptPool.map {
      try ReadyPromptPool($0, folders: run.pluginFolders, seed: run.run.seed)
    }
    let source = try TaskSource(run, environment)
    let episodes = try environment?.episodes(for: model, run.data, run.rollout)
    let prompts = try source.prompts(run, model, templates: pool?.templates, episodes)
    if let count = prompts.count { try run.check(promptCount: count) }
    return RunTasks(
      source: source, prompts: prompts.source, count: prompts.count, episodes: episodes,
      verifiers: verifiers)
  }
}

/// What a run is about: its tasks, how they are played, who judges.
struct RunTasks {
  let source: TaskSource
  let prompts: any PromptSource
  /// `nil` where an environment makes them without end.
  let count: Int?
  let episodes: EpisodeSettings?
  let verifiers: ReadyVerifiers?

  var finding: Finding {
    let unit = episodes == nil ? "prompts" : "tasks"
    return Finding("data", .ok, count.map { "\($0) \(unit)" } ?? "tasks without end")
  }
}

extension TaskSource {
  /// The rows of a file; `nil` for an environment.
  fileprivate var dataset: Dataset? {
    if case .dataset(let dataset) = self { dataset } else { nil }
  }
}
