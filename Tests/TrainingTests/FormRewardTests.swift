import Foundation
import Metrics
import Testing
import Trajectories

@testable import Training

/// Keeps to the form where the completion has an even number of letters.
private struct EvenPool: PromptPool {
  let name = "even"
  let templates = ["t0", "t1", "t2", "t3"]
  func parts(_ index: Int, problem: String, row: String) -> PromptParts { PromptParts(user: "") }
  func formScore(_ index: Int, completion: String) throws -> Double {
    Double(index + completion.count % 2) / 4
  }
}

@Suite struct FormRewardTests {
  private func groups() -> [RewardedGroup] {
    let prompt = Prompt(
      id: "p", index: 0, tokens: [1], text: "", row: "{}",
      template: DrawnTemplate(index: 1, name: "t1"))
    let trajectories = ["a", "bb", "ccc"].enumerated().map { Trajectory(sample: $0, text: $1) }
    return [
      RewardedGroup(
        group: TrajectoryGroup(prompt: prompt, trajectories: trajectories),
        judgements: [Judgement(.right, reward: 1), Judgement(.wrong, reward: 0), .failed("x")])
    ]
  }

  @Test func theFormIsPaidBesideCorrectnessAndNeverToAFailedSample() throws {
    var groups = groups()
    var metrics = StepMetrics()
    try FormReward(EvenPool(), weight: 0.5, isDrawnPerRollout: false).add(to: &groups, &metrics)
    #expect(groups[0].rewards == [1.25, 0.125, nil])
    #expect(groups[0].judgements.map(\.verdict) == [.right, .wrong, .failed])
    #expect(metrics["even/form"] == (0.5 + 0.25 + 0.5) / 3)
  }

  @Test func aTemplateForEachRolloutMakesGroupsOfDifferentPrompts() throws {
    var task = try ToyTask()
    task.settings.rollout.groupSize = 4
    let form = FormReward(EvenPool(), weight: 1, isDrawnPerRollout: true)
    let report = try task.trainer(form: form).step(1)
    #expect(report.groups.count == task.settings.rollout.promptsPerStep)
    for rewarded in report.groups {
      #expect(rewarded.group.trajectories.map(\.sample) == [0, 1, 2, 3])
      #expect(rewarded.group.prompts.map { $0.template!.name } == ["t0", "t1", "t2", "t3"])
    }
    let batch = try #require(report.batch)
    #expect(batch.prompts[1].count == batch.prompts[0].count + 1)
    let lines = RolloutRecord.lines(report, columns: false).split(separator: "\n")
    #expect(lines[2].contains(#""template":"t2""#))
  }
}
