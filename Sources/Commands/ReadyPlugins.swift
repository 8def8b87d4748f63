import Datasets
import EntropyControl
import PluginHost
import Tokenizers
import Training
import Verifiers

/// Verifiers that are ready, and the choices that would make the same ones again.
struct ReadyVerifiers {
  let set: VerifierSet
  let resolved: [PluginChoice]

  /// - Parameters:
  ///   - folders: searched before the usual ones.
  ///   - allowsUnsandboxed: whether programs may run where no sandbox can be had.
  init(
    _ choices: [PluginChoice], folders: [String], seed: UInt64, allowsUnsandboxed: Bool = false
  ) throws {
    guard !choices.isEmpty else {
      throw ConfigurationError.missing(
        key: "verifier", help: "who judges the completions? `temper plugins list` names them")
    }
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, allowsUnsandboxed: allowsUnsandboxed)
    let verifiers = try choices.map { try catalog.verifier($0.request, surroundings) }
    set = VerifierSet(verifiers.map(\.member))
    resolved = zip(choices, verifiers).map { choice, ready in
      var configuration = ready.configuration
      configuration["weight"] = .double(ready.weight)
      return PluginChoice(
        PluginRequest(name: choice.request.name, configuration: configuration))
    }
  }
}

/// Interventions that are ready, and the choices that would make the same ones again.
struct ReadyInterventions {
  let set: InterventionSet
  let resolved: [PluginChoice]

  /// - Parameters:
  ///   - folders: searched before the usual ones.
  ///   - tokenizer: the policy's, lent to plugins that read or write text.
  init(
    _ choices: [PluginChoice], folders: [String], seed: UInt64, tokenizer: Tokenizer
  ) throws {
    guard !choices.isEmpty else {
      (set, resolved) = (.none, [])
      return
    }
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, tokenizer: LentTokenizer(tokenizer))
    let ready = try choices.map { try catalog.intervention($0.request, surroundings) }
    set = try InterventionSet(ready.map(\.intervention))
    resolved = zip(choices, ready).map { choice, ready in
      PluginChoice(
        PluginRequest(name: choice.request.name, configuration: ready.configuration))
    }
  }
}

/// A pool of prompt templates that is ready, and the choice that would make the same one again.
struct ReadyPromptPool {
  let templates: PromptTemplates
  let form: FormReward
  let resolved: PluginChoice

  /// - Parameter folders: searched before the usual ones.
  init(_ choice: PluginChoice, folders: [String], seed: UInt64) throws {
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let ready = try catalog.promptPool(choice.request, PluginSurroundings(seed: seed))
    templates = PromptTemplates(ready.pool, seed: seed)
    form = FormReward(
      ready.pool, weight: ready.weight, isDrawnPerRollout: ready.draw == .rollout)
    resolved = PluginChoice(
      PluginRequest(name: choice.request.name, configuration: ready.configuration))
  }
}

/// The policy's tokenizer as plugins see it.
struct LentTokenizer: PluginTokenizer {
  let tokenizer: Tokenizer

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  var vocabularySize: Int { tokenizer.size }
  func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addSpecialTokens: false) }
  func decode(_ ids: [Int32]) -> String { tokenizer.decode(ids, skipSpecial: false) }
}
