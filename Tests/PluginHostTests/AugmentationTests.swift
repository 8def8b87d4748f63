import JSON
import Testing
import TestSupport
import Trajectories

@testable import PluginHost

@Suite struct AugmentationTests {
  private func pool(_ request: String) throws -> any PromptPool {
    try shipped.promptPool(PluginRequest(parsing: request)).pool
  }

  private func score(_ template: String, _ completion: String) throws -> Double {
    let pool = try pool("augmentation")
    let index = try #require(pool.templates.firstIndex(of: template))
    return try pool.formScore(index, completion: completion)
  }

  @Test func thirteenTemplatesHoldTheProblemAndAskForABox() throws {
    let pool = try pool("augmentation")
    #expect(pool.templates.count == 13)
    #expect(Set(pool.templates).count == 13)
    for index in pool.templates.indices {
      let parts = try pool.parts(index, problem: "What is 6*7?", row: "{}")
      #expect(parts.user.contains("What is 6*7?"))
      #expect((parts.system + parts.user).contains(#"\boxed{"#), "\(pool.templates[index])")
    }
  }

  @Test(
    arguments: [
      ("boxed-user", "anything", 1.0),
      ("tags", "<think>a</think><answer>b</answer>", 1),
      ("tags", "<think>a</think><answer>b", 0.75),
      ("tags", "<think>a<think></think><answer>b</answer>", 0.75),
      ("tags", "", 0),
      ("tags-opened", "a</think><answer>b</answer>", 1),
      ("tags-opened", "a</think>", 1.0 / 3),
      ("tags-strict", "<think>\na\n</think>\n\n<answer>\nb\n</answer>", 1),
      ("tags-strict", "<think>a</think><answer>b</answer>", 0),
      ("tags-strict-opened", "a\n</think>\n\n<answer>\nb\n</answer>", 1),
      ("sentence-user", "The final answer is 3.", 1),
      ("sentence-user", "The final answer is 3. The final answer is 3.", 0),
      ("sentence-steps", "", 1),
      ("check", "<solution>a</solution><check>b</check>", 1),
      ("check-opened", "a</solution><check>b", 2.0 / 3),
      ("derivation", "", 1),
    ] as [(String, String, Double)])
  func theFormScoreCountsWhatOccursExactlyOnce(
    _ template: String, _ completion: String, _ expected: Double
  ) throws {
    #expect(try score(template, completion) == expected)
  }

  @Test func thePoolCanBeNarrowedAndUnknownNamesAreRefused() throws {
    let pool = try pool(#"augmentation:templates=["tags","check"]"#)
    #expect(pool.templates == ["tags", "check"])
    let error = #expect(throws: PluginHostError.self) {
      try self.pool(#"augmentation:templates=["tag"]"#)
    }
    #expect(error!.description.contains("'tag'"))
    #expect(error!.description.contains("tags-strict"))
  }

  @Test func theHostKeepsItsOwnKeys() throws {
    let resolved = try shipped.promptPool(
      PluginRequest(parsing: "augmentation:per=rollout,weight=0.25"))
    #expect(resolved.draw == .rollout)
    #expect(resolved.weight == 0.25)
    #expect(resolved.configuration["per"] == "rollout")
    let error = #expect(throws: PluginHostError.self) {
      try shipped.promptPool(PluginRequest(parsing: "augmentation:per=step"))
    }
    #expect(error!.description == "augmentation: 'per' is visit or rollout; it is \"step\"")
    let other = #expect(throws: PluginHostError.self) {
      try shipped.promptPool(PluginRequest(parsing: "exact"))
    }
    #expect(other!.description.contains("exact"))
  }
}
