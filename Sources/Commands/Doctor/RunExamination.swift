import Datasets
import Foundation
import Kernels
import Models
import Tokenizers
import Trajectories
import Verifiers

/// A run that is put together as `temper grpo` would, and looked at instead of begun.
///
/// Cheap looks come first, and memory before anything that takes some; a part that cannot be had is
/// a fault of its own, and what needs it is left out.
final class RunExamination {
  let configuration: GRPOConfiguration
  let groups: Int
  let seconds: Double
  private(set) var findings: [Finding] = []

  init(_ configuration: GRPOConfiguration, groups: Int, seconds: Double) throws {
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
    findings.append(TemplateCheck(format).finding)
    findings.append(EndTokenCheck(model, format, configuration.rollout.sampling).finding)
    guard configuration.environment.plugin == nil else { return look(atEnvironmentFor: model) }
    guard let dataset = had("data", { try configuration.data.dataset() }),
      let prompts = had("prompts", { try self.prompts(dataset, format) })
    else { return }
    guard !configuration.verifiers.isEmpty else { return }
    guard
      let verifiers = had(
        "verifiers",
        {
          try ReadyVerifiers(
            configuration.verifiers, folders: configuration.pluginFolders,
            seed: configuration.run.seed, allowsUnsandboxed: configuration.allowsUnsandboxed)
        })
    else { return }
    if let check = had("gold answers", { try GoldAnswerCheck(dataset, verifiers) }) {
      findings.append(check.finding)
    }
    guard groups > 0 else { return }
    let check = TiedGroupCheck(
      configuration, model: model, prompts: prompts, verifiers: verifiers.set)
    if let finding = had("groups", { try check.finding(groups: groups, seconds: seconds) }) {
      findings.append(finding)
    }
  }

  /// Opens the environment and its first task; sampling through it is left to the run.
  private func look(atEnvironmentFor model: LoadedModel) {
    let settings = configuration.environment
    guard
      let environment = had(
        "environment",
        {
          try ReadyEnvironment(
            settings, folders: configuration.pluginFolders, seed: configuration.run.seed,
            allowsUnsandboxed: configuration.allowsUnsandboxed)!
        }),
      let rows = had(
        "data",
        {
          try configuration.data.taskRows(needsRows: environment.environment.world.needsRows)
        }),
      let prompt = had(
        "prompts",
        {
          let episodes = try environment.episodes(
            for: model, configuration.data, configuration.rollout)
          return try EpisodePrompts(
            episodes, model.tokenizer, rows: rows, tasks: settings.tasks,
            seed: configuration.run.seed, shuffle: configuration.data.shuffle
          ).prompts(from: 0, count: 1, copies: 1)[0]
        })
    else { return }
    let name = environment.environment.name
    findings.append(
      prompt.failure.map { Finding("environment", .fault, "\(name): \($0)") }
        ?? Finding("environment", .ok, "\(name): its first task opens with \(prompt.tokens.count) tokens"))
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

  private func prompts(_ dataset: Dataset, _ format: ModelFormat) throws -> PromptSequence {
    let pool = try configuration.promptPool.map {
      try ReadyPromptPool(
        $0, folders: configuration.pluginFolders, seed: configuration.run.seed)
    }
    let prompts = try PromptSequence(
      dataset, format: format, options: configuration.data.options, templates: pool?.templates,
      seed: configuration.run.seed, shuffle: configuration.data.shuffle)
    try configuration.check(promptCount: prompts.count)
    findings.append(
      Finding(
        "data", .ok,
        "\(prompts.count) prompts"
          + (prompts.skipped > 0 ? "; \(prompts.skipped) longer ones are left out" : "")))
    return prompts
  }
}
