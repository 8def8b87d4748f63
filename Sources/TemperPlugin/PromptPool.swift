import CPluginABI
import FoundationEssentials

/// A pool of templates: ways to put a problem to the model. The host draws one for each visit to a
/// row, or for each completion.
public protocol PromptPool: Plugin {
  /// At least one; the same whenever it is asked.
  var templates: [PromptTemplate] { get }
}

/// One way to put a problem to the model, with the form that it asks for.
public struct PromptTemplate: Sendable {
  /// For records.
  public var name: String
  /// The system message; none where it is empty.
  public var system: String
  /// The user's message about a problem.
  public var user: @Sendable (_ problem: String) -> String
  /// Begins the assistant's turn. It is prompt, not completion: `form` does not see it.
  public var prefix: String
  /// How far a completion keeps to the form, from 0 to 1.
  public var form: @Sendable (_ completion: String) -> Double

  public init(
    _ name: String, system: String = "", prefix: String = "",
    user: @escaping @Sendable (String) -> String = { $0 },
    form: @escaping @Sendable (String) -> Double = { _ in 1 }
  ) {
    (self.name, self.system, self.prefix) = (name, system, prefix)
    (self.form, self.user) = (form, user)
  }
}

final class PromptPoolInstance: Instance {
  let templates: [PromptTemplate]

  init<P: PromptPool>(_ type: P.Type, _ configuration: Data, _ host: Host) throws {
    templates = try P(.decoded(from: configuration), host: host).templates
    guard !templates.isEmpty else {
      throw PluginError.invalidConfiguration("no template is left in the pool")
    }
  }

  func template(_ index: Int) throws -> PromptTemplate {
    guard templates.indices.contains(index) else {
      throw PluginError.invalidInput("template \(index) of \(templates.count)")
    }
    return templates[index]
  }
}

/// The `temper.prompts/1` table of every Swift pool.
nonisolated(unsafe) let promptsTable = permanent(
  temper_prompts(
    size: size(of: temper_prompts.self),
    count: { instance, count, error in
      report(to: error) { count!.pointee = PromptPoolInstance.at(instance).templates.count }
    },
    name: { instance, index, name, error in
      report(to: error) {
        write(try PromptPoolInstance.at(instance).template(index).name, to: name)
      }
    },
    write: { instance, index, row, problem, prompt, error in
      report(to: error) {
        let template = try PromptPoolInstance.at(instance).template(index)
        write(template.system, to: prompt!.pointee.system)
        write(template.user(String(problem)), to: prompt!.pointee.user)
        write(template.prefix, to: prompt!.pointee.prefix)
      }
    },
    score: { instance, index, completion, score, error in
      report(to: error) {
        score!.pointee = try PromptPoolInstance.at(instance).template(index)
          .form(String(completion))
      }
    }))
