import Checkpoints
import EntropyControl
import Foundation
import JSON
import Models
import PluginHost
import Tokenizers
import Training

/// A recorded step with what it takes to replay it: the policy that sampled it, the run's
/// objective, and the interventions to be seen.
final class InspectSession {
  let recorded: RecordedStep
  let tokenizer: Tokenizer
  /// What stands side by side.
  let methods: [(name: String, interventions: InterventionSet)]
  private let policy: Policy
  private let settings: GRPOSettings
  private let step: Int

  /// - Parameters:
  ///   - entropy: requests as `temper grpo --entropy` takes them; empty for the run's own.
  ///   - model: the folder of the policy that sampled; `nil` to find it.
  init(
    _ folder: RunFolder, step: Int, entropy: [String], model: String?, plugins: [String]
  ) throws {
    var configuration = GRPOConfiguration()
    try GRPOConfiguration.table.apply(file: folder.configuration, to: &configuration)
    recorded = try RecordedStep(contentsOf: folder.rollouts(step: step))
    let loaded = try LoadedModel(
      try model ?? Self.sampler(of: step, in: folder, start: configuration.run.model),
      precision: configuration.run.dtype.precision, longestSequence: configuration.longestSequence)
    tokenizer = loaded.tokenizer
    settings = configuration.settings(endTokens: loaded.endTokens)
    policy = Policy(
      loaded.transformer, temperature: settings.rollout.sampling.temperature,
      memory: settings.memory)
    self.step = step
    methods = try Self.methods(
      entropy, configuration, folders: plugins + configuration.pluginFolders,
      PluginSurroundings(seed: configuration.run.seed, tokenizer: LentTokenizer(tokenizer)))
  }

  /// The model that sampled a step: the checkpoint of the step before, or the run's start.
  private static func sampler(
    of step: Int, in folder: RunFolder, start: String
  ) throws(ConfigurationError) -> String {
    let checkpoints = folder.checkpoints().all()
    if step == 1 { return start }
    if let before = checkpoints.first(where: { $0.step == step - 1 }) { return before.model.path }
    let steps = ([1] + checkpoints.map { $0.step + 1 }).map(String.init).joined(separator: ", ")
    throw .invalid(
      key: "--step", value: "\(step)",
      remedy: """
        the model that sampled it was not kept; it was for steps \(steps). Look into one of those, \
        keep more checkpoints, or name a model with --model
        """)
  }

  private static func methods(
    _ entropy: [String], _ configuration: GRPOConfiguration, folders: [String],
    _ surroundings: PluginSurroundings
  ) throws -> [(name: String, interventions: InterventionSet)] {
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    func set(_ requests: [PluginRequest]) throws -> InterventionSet {
      try InterventionSet(
        requests.map { try catalog.intervention($0, surroundings).intervention })
    }
    guard !entropy.isEmpty else {
      let own = configuration.entropy.map(\.request)
      let name = own.isEmpty ? "none" : own.map(\.name).joined(separator: "+")
      return [(name, try set(own))]
    }
    return try entropy.map { text in
      text == "none" ? ("none", .none) : (text, try set([PluginRequest(parsing: text)]))
    }
  }

  /// The completion and the token, counted in the step, that a user names.
  func place(
    completion: Int, token: Int?
  ) throws(ConfigurationError) -> (completion: Int, token: Int?) {
    let count = recorded.batch.sequenceCount
    guard (0..<count).contains(completion) else {
      throw .invalid(
        key: "--completion", value: "\(completion)", remedy: "the step has 0 to \(count - 1)")
    }
    let range = recorded.batch.range(completion)
    guard let token else { return (completion, nil) }
    guard (0..<range.count).contains(token) else {
      throw .invalid(
        key: "--token", value: "\(token)",
        remedy: "the completion has 0 to \(range.count - 1)")
    }
    return (completion, range.lowerBound + token)
  }

  /// One for each method.
  func replays(keeping token: Int?) throws -> [Replay] {
    try methods.map { method in
      try Replay(
        recorded.batch, method.interventions, policy: policy, objective: settings.objective,
        position: settings.position(rollout: step, update: 0), keeping: token)
    }
  }
}
