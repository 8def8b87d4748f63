import Detectors
import Foundation
import Testing

@Suite struct RewardTests {
  @Test func groupsWithoutADifferenceAreCounted() throws {
    let detector = try Watched("reward")
    try detector.look(rewards: [[1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1], [0.5, 0.5, nil, 0.5]])
    #expect(detector["tie_rate_all"] == 0.75 && detector["effective"] == 0.25)
    #expect(detector["all_right"] == 0.5 && detector["all_wrong"] == 0.25)
    #expect(detector["failed"] == 1.0 / 16)
  }

  @Test func theCliffOfTheWorkedExample() throws {
    let detector = try Watched("reward:temperature=0.5")
    try detector.look(rewards: [[1, 0, 0, 1]])
    #expect(detector["tied_optimal"] == 2 && detector["gap"] == 1 && detector["lipschitz"] == 1)
    #expect(isClose(detector["soft_optimal"], 2 * 0.440399))
    // Any noise breaks the tie, and the soft policy moves within its bound.
    #expect(detector["flip_rate"] == 1)
    #expect(detector["tv_soft"]! > 0 && detector["tv_soft"]! <= detector["tv_bound"]!)
    #expect(detector["sign_flips"] == 0)
  }

  @Test func softPoliciesNeverMoveBeyondTheBound() throws {
    var chance = SplitMix(state: 4)
    for seed: UInt64 in 1...50 {
      let detector = try Watched("reward:epsilon=0.3,temperature=0.2", seed: seed)
      try detector.look(rewards: [(0..<6).map { _ in chance.uniform() }])
      #expect(detector["tv_soft"]! <= detector["tv_bound"]!)
    }
  }

  @Test func noiseIsAFunctionOfSeedAndStep() throws {
    let (a, b, c) = (
      try Watched("reward", seed: 1), try Watched("reward", seed: 1), try Watched("reward", seed: 2)
    )
    for detector in [a, b, c] { try detector.look(rewards: [[1, 0.99, 0, 0.5]]) }
    #expect(a.metrics == b.metrics && a["tv_soft"] != c["tv_soft"])
  }

  @Test func dividingByADeviationAmplifiesSmallDifferences() throws {
    let detector = try Watched("reward")
    let findings = try (0..<3).map { _ in try detector.look(rewards: [[1, 1, 1, 1.001]]) }
    // A_4 is 1.25 with 1e-4 in the denominator, per 0.001 of reward.
    #expect(isClose(detector["tie_amplification"], 1250, 1e-3))
    #expect(findings[2].reason.contains("centred advantages"))
  }

  @Test func rewardsThatTeachNothingAreSaid() throws {
    let detector = try Watched("reward")
    var found: [String] = []
    for step in 0..<30 {
      let isLate = step >= 10
      found.append(
        try detector.look(rewards: [[1, isLate ? 1 : 0], [isLate ? 1 : 0, 1]]).reason)
    }
    #expect(found.firstIndex { !$0.isEmpty } == 12)
    #expect(found[12].hasPrefix("rewards hardly differ any more (mean 1,"))
    #expect(found.contains { $0.contains("have equal rewards and teach nothing") })
  }

  @Test func aVerifierThatFailsIsSaid() throws {
    let detector = try Watched("reward")
    let findings = try (0..<3).map { _ in
      try detector.look(rewards: [[nil, nil, 1], [nil, nil, 0]])
    }
    #expect(findings[2].isCritical && findings[2].reason.contains("failed on 66.7%"))
  }

  @Test func formThatIsLearnedInsteadOfTheTaskIsSaid() throws {
    let detector = try Watched("reward:format=format,window=16")
    var chance = SplitMix(state: 6)
    var reasons: [String] = []
    for step in 0..<24 {
      let form = Float(step) / 24
      let rewards: [[Double?]] = [[Double(form), 0], [0, Double(form)]]
      reasons.append(
        try detector.look(
          rewards: rewards, components: [("format", [form, form, form, form])]
        ) { outcomes in
          outcomes.verdicts = outcomes.verdicts.map { _ in chance.uniform() < 0.5 ? .right : .wrong
          }
        }.reason)
    }
    #expect(reasons.contains { $0.contains("through its form alone") }, "\(reasons)")
  }

  @Test func verifiersThatPullApartAreMeasured() throws {
    let detector = try Watched("reward")
    try detector.look(
      rewards: [[1, 1, 1]], components: [("a", [0, 1, 2]), ("b", [2, 1, 0.5])])
    #expect(detector["reward_conflict"] == 1)
    #expect(detector["dominance"]! > 0.5)
  }

  @Test func aHeldBackVerifierThatGoesItsOwnWayIsCritical() throws {
    let detector = try Watched("reward:held_back=truth")
    let rewards: [[Double?]] = [[0, 1, 2, 3]]
    _ = try detector.look(rewards: rewards, components: [("truth", [0, 1, 2, 3])])
    let findings = try (0..<3).map { _ in
      try detector.look(rewards: rewards, components: [("truth", [3, 2, 1, 0])])
    }
    #expect(detector["held_back"] == -1)
    #expect(findings[2].isCritical && findings[2].reason.contains("without the task"))
  }
}
