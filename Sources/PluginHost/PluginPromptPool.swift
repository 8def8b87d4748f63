import CPluginABI
import JSON
import Trajectories

/// A pool of prompt templates behind a C table.
final class PluginPromptPool: PromptPool {
  let name: String
  let templates: [String]
  private let instance: PluginInstance
  nonisolated(unsafe) private let table: UnsafePointer<temper_prompts>  // constant

  init(_ instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    guard let table = instance.table(TEMPER_PROMPTS, as: temper_prompts.self),
      covers(table.pointee.size, \temper_prompts.score), table.pointee.count != nil,
      table.pointee.name != nil, table.pointee.write != nil, table.pointee.score != nil
    else {
      throw .malformed(
        path: info.place, reason: "'\(info.name)' serves no table '\(TEMPER_PROMPTS)'")
    }
    (name, self.instance, self.table) = (info.name, instance, table)
    do throws(CallFailure) {
      var count = 0
      try Self.attempt(info.name) { table.pointee.count(instance.pointer, &count, $0) }
      guard count > 0 else {
        throw CallFailure("its pool holds no template")
      }
      templates = try (0..<count).map { index throws(CallFailure) in
        try collecting { sink throws(CallFailure) in
          try Self.attempt(info.name) { table.pointee.name(instance.pointer, index, sink, $0) }
        }
      }
    } catch {
      throw .notCreated(name: info.name, reason: error.description)
    }
  }

  func parts(_ index: Int, problem: String, row: String) throws -> PromptParts {
    var parts = PromptParts(user: "")
    parts.system = try collecting { system in
      parts.user = try collecting { user in
        parts.prefix = try collecting { prefix in
          var prompt = temper_prompt(
            size: UInt32(MemoryLayout<temper_prompt>.size), system: system, user: user,
            prefix: prefix)
          try Self.attempt(name) { error in
            withText(row) { row in
              withText(problem) { problem in
                table.pointee.write(instance.pointer, index, row, problem, &prompt, error)
              }
            }
          }
        }
      }
    }
    return parts
  }

  func formScore(_ index: Int, completion: String) throws -> Double {
    var score = Double.nan
    try Self.attempt(name) { error in
      withText(completion) { table.pointee.score(instance.pointer, index, $0, &score, error) }
    }
    guard (0...1).contains(score) else {
      throw CallFailure(
        "\(name): the form score of template '\(templates[index])' is \(score), not from 0 to 1")
    }
    return score
  }

  private static func attempt(
    _ name: String, _ call: (UnsafeMutablePointer<temper_error>) -> temper_status
  ) throws(CallFailure) {
    var error = temper_error()
    let status = call(&error)
    guard status == TEMPER_OK else { throw CallFailure("\(name): \(error.text(status))") }
  }
}

/// A pool that is ready, with what the host draws from it and how.
public struct ResolvedPromptPool: Sendable {
  public enum Draw: String, Sendable, CaseIterable {
    /// One template for all completions of a visit to a row.
    case visit
    /// One for each completion.
    case rollout
  }

  public let pool: any PromptPool
  public let info: PluginInfo
  /// Every key with the value that is in force, those of the host included.
  public let configuration: JSONLiteral
  public let draw: Draw
  /// What the form score counts, beside the verifiers' rewards.
  public let weight: Double
}

extension PluginCatalog {
  /// Makes the pool of prompts that a request names.
  ///
  /// The keys `weight` and `per` are the host's own: what the form score counts, 1 by default, and
  /// whether a template is drawn for each `visit` or each `rollout`.
  public func promptPool(
    _ request: PluginRequest, _ surroundings: PluginSurroundings = PluginSurroundings()
  ) throws(PluginHostError) -> ResolvedPromptPool {
    var request = request
    let weight = try request.takeWeight()
    let per = request.take("per", default: .string(ResolvedPromptPool.Draw.visit.rawValue))
    guard case .string(let text) = per, let draw = ResolvedPromptPool.Draw(rawValue: text) else {
      throw .configuration(
        name: request.name, reason: "'per' is visit or rollout; it is \(per.serialized())")
    }
    let loaded = try plugin(for: request, kind: .prompts)
    var configuration = try loaded.info.resolve(request)
    let instance = try PluginInstance(loaded, configuration: configuration, surroundings)
    let pool = try PluginPromptPool(instance, loaded.info)
    configuration["weight"] = .double(weight)
    configuration["per"] = .string(draw.rawValue)
    return ResolvedPromptPool(
      pool: pool, info: loaded.info, configuration: configuration, draw: draw, weight: weight)
  }
}
