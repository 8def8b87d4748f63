import Checkpoints
import Datasets
import Evaluation
import Foundation
import JSON
import Rollouts
import Trajectories

/// What a model is asked in an evaluation and how it is judged: a suite, a data file, or an
/// environment.
struct EvaluationTask {
  /// The suite's name, the file's or the environment's.
  let name: String
  let suite: Suite?
  let protocols: [ReadyProtocol]
  private let tasks: Tasks
  private let options: PromptOptions
  private let template: TemplateDescription?
  private let shotIds: [String]
  let configuration: EvalConfiguration
  /// What is known of the data.
  private let dataConditions: [JSONLiteral.Member]

  private enum Tasks {
    case dataset(Dataset)
    case environment(ReadyEnvironment, TaskRows?)
  }

  /// Reads everything but the model, so that what is missing is told at once.
  ///
  /// - Parameter environment: whose tasks it is; `nil` for a suite or a file.
  init(_ configuration: EvalConfiguration, _ environment: ReadyEnvironment? = nil) throws {
    let catalog = SuiteCatalog(suite: configuration.suite)
    let suite = try configuration.suite.map(catalog.suite)
    let template = try configuration.template.map(catalog.template)
    (self.configuration, self.suite, self.template) = (configuration, suite, template)
    if template != nil, configuration.data.instruction != nil {
      throw ConfigurationError.invalid(
        key: "data.instruction", value: "set",
        remedy: "and so is a template, which has a wording of its own; leave one of them out")
    }
    protocols = try ReadyProtocols(
      configuration, suite: suite, form: template?.form ?? .box
    ).all()

    if let environment {
      let world = environment.environment
      tasks = .environment(
        environment, try configuration.data.taskRows(needsRows: world.world.needsRows))
      name = world.name
      var conditions: [JSONLiteral.Member] = [
        .init("environment", environment.resolved.literal)
      ]
      if !configuration.data.path.isEmpty {
        let sum = try SHA256.hexadecimal(of: URL(filePath: configuration.data.path))
        conditions.append(.init("data", .string(configuration.data.path)))
        conditions.append(.init("data_sha256", .string(sum)))
      }
      dataConditions = conditions
      (options, shotIds) = (configuration.data.options, [])
      return
    }
    let path = configuration.data.path
    let isFile = configuration.data.isFile
    let folder = DataFolder(path.isEmpty || isFile ? nil : path)
    let source = try Source(configuration, suite: suite, folder: folder)
    tasks = .dataset(source.dataset)
    (name, dataConditions) = (source.name, source.conditions)

    var options = configuration.data.options
    var shotIds: [String] = []
    if let template {
      var wording = template.wording
      let shots = try folder.shots(of: template, seed: configuration.seed)
      shotIds = shots.map(\.id)
      wording.shots = try shots.map { JSONLiteral(try JSON(parsing: $0.json)) }
      wording.shotsAsTurns = configuration.fewshotAsTurns
      options.wording = wording
    }
    (self.options, self.shotIds) = (options, shotIds)
  }

  /// Rows, and where they are from.
  private struct Source {
    let dataset: Dataset
    let name: String
    let conditions: [JSONLiteral.Member]

    init(_ configuration: EvalConfiguration, suite: Suite?, folder: DataFolder) throws {
      let data = configuration.data
      var conditions: [JSONLiteral.Member] = []
      var dataset: Dataset
      switch suite?.source {
      case .generated(let name, let settings)?:
        let rows = try GeneratedRows.rows(of: name, settings, suite: suite!.name)
        dataset = try Dataset(name: suite!.name, rows: rows.prefix(data.limit ?? rows.count))
        conditions.append(.init("generator", ["name": .string(name), "settings": settings]))
      case .file(let file, _)? where !data.isFile:
        let found = try folder.find(file, for: "the suite '\(suite!.name)'")
        dataset = try Dataset(
          contentsOf: found.url, fields: data.renames, limit: data.limit)
        conditions.append(.init("data", .string(file.path)))
        conditions.append(.init("data_sha256", .string(found.sha256)))
      default:
        dataset = try data.dataset()
        conditions.append(.init("data", .string(data.path)))
        conditions.append(
          .init("data_sha256", .string(try SHA256.hexadecimal(of: URL(filePath: data.path)))))
      }
      if let suite {
        conditions.insert(.init("suite", .string(suite.name)), at: 0)
        conditions.append(.init("split", .string(suite.split)))
      }
      var subset = data.limit.map { "the first \($0)" } ?? "all"
      if let probe = configuration.probe {
        dataset = try dataset.probe(probe)
        subset += ", of these \(probe) by a hash of their ids"
      }
      conditions.append(.init("subset", .string(subset)))
      self.dataset = dataset
      name = suite?.name ?? dataset.name
      self.conditions = conditions
    }
  }

  /// How an environment answers `model`; `nil` without one.
  func episodes(for model: LoadedModel) throws -> EpisodeSettings? {
    guard case .environment(let environment, _) = tasks else { return nil }
    return try environment.episodes(
      for: model, configuration.data, configuration.rollout, chat: configuration.chat)
  }

  /// Everything that is asked of `model`.
  ///
  /// - Throws: `DatasetError` where a prompt is too long or cannot be made.
  func prompts(for model: LoadedModel, _ episodes: EpisodeSettings?) throws -> [Prompt] {
    switch tasks {
    case .environment(_, let rows):
      return EpisodePrompts(
        evaluating: episodes!, model.tokenizer, rows: rows, problems: configuration.problems
      ).all()
    case .dataset(let dataset):
      let format = try configuration.data.format(for: model, chat: configuration.chat)
      let sequence = try PromptSequence(dataset, format: format, options: options)
      configuration.data.note(skipped: sequence.skipped)
      return try sequence.all()
    }
  }

  /// Texts that end an answer: those of the settings, and of the wording.
  func stopStrings(for model: LoadedModel) -> [String] {
    let own = configuration.rollout.sampling.stopStrings
    guard let template else { return own }
    let wanted = own + template.stop + (isChat(model) ? [] : template.plainStop)
    return wanted.enumerated().filter { wanted.firstIndex(of: $1) == $0 }.map(\.element)
  }

  private func isChat(_ model: LoadedModel) -> Bool {
    model.template != nil && configuration.chat && (options.wording?.usesChat ?? true)
  }

  /// What decides the prompts: data and wording.
  func conditions(for model: LoadedModel, _ prompts: [Prompt]) -> [JSONLiteral.Member] {
    let stated = options.instruction.map { JSONLiteral.string($0) } ?? .null
    if case .environment = tasks {
      return dataConditions + [
        .init("problems", .int(prompts.count)), .init("chat_template", .bool(isChat(model))),
      ]
    }
    return dataConditions + [
      .init("rows", .string(prompts.rowsDigest)),
      .init("template", template.map { .string($0.id) } ?? .null),
      .init(
        "template_sha256",
        template.map { .string(SHA256.hexadecimal(of: $0.canonicalText)) } ?? .null),
      .init("instruction", stated),
      .init("system", options.system.map { .string($0) } ?? .null),
      .init("shots", .array(shotIds.map { .string($0) })),
      .init("shots_as_turns", .bool(configuration.fewshotAsTurns)),
      .init("chat_template", .bool(isChat(model))),
    ]
  }
}

extension DataConfiguration {
  /// True if ``path`` is a file, and not a folder of data.
  var isFile: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  /// ``fields`` without those that say nothing.
  var renames: FieldNames {
    get throws {
      try FieldNames(
        fields.flatMap { $0.split(separator: ",").map(String.init) }.filter { entry in
          let parts = entry.split(separator: "=")
          return parts.count != 2 || parts[0] != parts[1]
        })
    }
  }
}
