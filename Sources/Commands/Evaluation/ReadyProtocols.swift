import Evaluation
import JSON
import PluginHost
import Verifiers

/// Makes the protocols of an evaluation from its settings and its suite.
struct ReadyProtocols {
  private let catalog: PluginCatalog
  private let surroundings: PluginSurroundings
  /// Who judges.
  private let verifiers: [PluginChoice]
  /// Who says whether two answers are the same.
  private let equality: [PluginChoice]
  private let protocols: [AnswerProtocol]
  private let form: AnswerRule

  /// - Parameter form: the form of answer that the wording asks for.
  init(_ configuration: EvalConfiguration, suite: Suite?, form: AnswerRule) throws {
    catalog = PluginCatalog(
      searchPath: configuration.pluginFolders + PluginCatalog.standardSearchPath())
    // A verdict does not depend on the seed of the completions.
    surroundings = PluginSurroundings(
      seed: 0, allowsUnsandboxed: configuration.allowsUnsandboxed)
    self.form = form
    let isOwn = !configuration.verifiers.isEmpty
    if isOwn {
      (verifiers, equality) = (configuration.verifiers, configuration.equality)
    } else if configuration.environment.plugin != nil {
      (verifiers, equality) = ([], [])
    } else if let suite {
      verifiers = [try Self.choice(suite.verifier, "verifier", of: suite)]
      let named = try suite.equality.map { try Self.choice($0, "equality", of: suite) }
      equality = configuration.equality.isEmpty ? named.map { [$0] } ?? [] : configuration.equality
    } else {
      throw ConfigurationError.missing(
        key: "verifier", help: "who judges the completions? `temper plugins list` names them")
    }
    let names = configuration.protocols.flatMap { $0.split(separator: ",").map(String.init) }
    var protocols = try names.map(AnswerProtocol.named)
    if let suite, isOwn, protocols == suite.protocols {
      // Another verifier than the suite's has its own way to find answers.
      protocols = [try .named("verifier")] + protocols.filter(\.comparesTexts)
    }
    if protocols.isEmpty {
      if configuration.environment.plugin != nil { protocols.append(try .named("environment")) }
      if !verifiers.isEmpty { protocols.append(try .named("verifier")) }
    }
    self.protocols = protocols
  }

  private static func choice(
    _ literal: JSONLiteral, _ key: String, of suite: Suite
  ) throws(DescriptionError) -> PluginChoice {
    guard let choice = PluginChoice(settingLiteral: literal) else {
      throw DescriptionError(
        "the suite '\(suite.name)': '\(key)' must be \(PluginChoice.kind); it is "
          + literal.serialized())
    }
    return choice
  }

  /// One for each protocol, the headline's first.
  func all() throws -> [ReadyProtocol] {
    let same = equality.isEmpty ? nil : try set(equality)
    return try protocols.map { answerProtocol in
      switch answerProtocol.method {
      case .verifier(let extract), .tolerant(_, let extract):
        guard !verifiers.isEmpty else {
          throw ConfigurationError.missing(
            key: "verifier",
            help: "the protocol '\(answerProtocol.name)' asks one; `temper plugins list` names them"
          )
        }
        let judges = try set(verifiers, extract: extract)
        return ReadyProtocol(
          answerProtocol, verifiers: judges.set, equality: same?.set, askedForm: form,
          description: ["verifiers": judges.description])
      case .askedForm, .rule(_, .equality):
        guard let same else {
          throw ConfigurationError.missing(
            key: "equality",
            help: """
              the protocol '\(answerProtocol.name)' finds an answer and needs a verifier that \
              compares it with the gold one, for example math:extract=none or exact:extract=whole
              """)
        }
        return ReadyProtocol(
          answerProtocol, verifiers: same.set, equality: same.set, askedForm: form,
          description: ["rule": .string(rule(of: answerProtocol)), "verifiers": same.description])
      case .episode:
        return ReadyProtocol(
          answerProtocol, verifiers: nil, description: ["judged_by": "environment"])
      case .rule(let rule, _):
        return ReadyProtocol(
          answerProtocol, verifiers: nil, askedForm: form,
          description: ["rule": .string(rule.rawValue), "compared": "as text"])
      }
    }
  }

  private func rule(of answerProtocol: AnswerProtocol) -> String {
    if case .rule(let rule, _) = answerProtocol.method { return rule.rawValue }
    return form.rawValue
  }

  /// The verifiers of `choices`, told to find answers by `extract` where it is given.
  private func set(
    _ choices: [PluginChoice], extract: String? = nil
  ) throws -> (set: VerifierSet, description: JSONLiteral) {
    let ready = try choices.enumerated().map { place, choice in
      var request = choice.request
      if let extract, place == 0 {
        request.options.removeAll { $0.key == "extract" }
        request.configuration["extract"] = .string(extract)
      }
      return try catalog.verifier(request, surroundings)
    }
    let description = ready.map { verifier -> JSONLiteral in
      [
        "id": .string(verifier.info.id), "version": .string(verifier.info.version),
        "config": verifier.configuration, "weight": .double(verifier.weight),
      ]
    }
    return (VerifierSet(ready.map(\.member)), .array(description))
  }
}

extension AnswerProtocol {
  /// True if no verifier takes part.
  fileprivate var comparesTexts: Bool {
    if case .rule(_, let comparison) = method { return comparison != .equality }
    return false
  }
}
