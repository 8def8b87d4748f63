import ChatTemplates
import Environments
import Foundation
import JSON
import PluginHost
import Rollouts
import Tokenizers

/// An environment that is ready in a process of its own, and the choice that would make the same one
/// again.
struct ReadyEnvironment {
  let environment: RemoteEnvironment
  let resolved: PluginChoice
  private let settings: EnvironmentSettings

  /// - Parameters:
  ///   - folders: searched before the usual ones.
  ///   - allowsUnsandboxed: whether programs may run where no sandbox can be had.
  init?(
    _ settings: EnvironmentSettings, folders: [String], seed: UInt64, allowsUnsandboxed: Bool
  ) throws {
    guard let choice = settings.plugin else { return nil }
    self.settings = settings
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, allowsUnsandboxed: allowsUnsandboxed)
    let configuration = try catalog.configuration(
      of: choice.request, kind: .environment, surroundings)
    resolved = PluginChoice(PluginRequest(name: choice.request.name, configuration: configuration))
    environment = try RemoteEnvironment(
      [EnvironmentWorker.program, EnvironmentWorker.name],
      opening: EnvironmentWorker.opening(
        resolved, folders: folders, seed: seed, allowsUnsandboxed: allowsUnsandboxed,
        threads: settings.workers),
      deadline: settings.deadline)
  }

  /// Episodes for `model`, within the budgets of a rollout.
  func episodes(
    for model: LoadedModel, _ data: DataConfiguration, _ rollout: RolloutConfiguration,
    chat: Bool = true
  ) throws -> EpisodeSettings {
    var format = try data.format(for: model, chat: chat)
    let tools = environment.world.tools
    if tools != .null, format.isChat {
      format.template = try ChatTemplate(tokenizerFolder: model.folder, forTools: true)
    }
    let render: ConversationFormat.Render = { [format] messages, tools, addGenerationPrompt in
      try format.render(messages, tools: tools, addGenerationPrompt: addGenerationPrompt)
    }
    var episodes = EpisodeSettings(
      environment, format: ConversationFormat(tools: tools, render: format.isChat ? render : nil))
    episodes.maximumTurns = rollout.maximumTurns
    episodes.maximumTokens = rollout.maximumEpisodeTokens
    episodes.maximumPromptTokens = data.maximumPromptTokens
    episodes.workers = settings.workers
    return episodes
  }
}
