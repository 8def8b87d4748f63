import Datasets
import Rollouts
import Training

/// Where the tasks of a run come from, read before the model is.
enum TaskSource {
  case dataset(Dataset)
  case environment(TaskRows?)

  init(_ configuration: GRPOConfiguration, _ environment: ReadyEnvironment?) throws {
    self =
      if let environment {
        .environment(
          try configuration.data.taskRows(needsRows: environment.environment.world.needsRows))
      } else {
        .dataset(try configuration.data.dataset())
      }
  }

  /// The tasks as prompts, and how many there are; `nil` without end.
  func prompts(
    _ configuration: GRPOConfiguration, _ model: LoadedModel, templates: PromptTemplates?,
    _ episodes: EpisodeSettings?
  ) throws -> (source: any PromptSource, count: Int?) {
    let data = configuration.data
    switch self {
    case .dataset(let dataset):
      let prompts = try PromptSequence(
        dataset, format: data.format(for: model), options: data.options, templates: templates,
        seed: configuration.run.seed, shuffle: data.shuffle)
      data.note(skipped: prompts.skipped)
      return (prompts, prompts.count)
    case .environment(let rows):
      let prompts = EpisodePrompts(
        episodes!, model.tokenizer, rows: rows, tasks: configuration.environment.tasks,
        seed: configuration.run.seed, shuffle: data.shuffle)
      return (prompts, prompts.count)
    }
  }
}
