import Foundation
import Testing

@Suite struct EPOTests {
  var example: Experiment {
    var example = Experiment.example
    example.objective.clipHigh = 0.28
    return example
  }
  let known = "epo:history=[1],"

  @Test func theHingePenalisesWhatLeavesTheBand() throws {
    let outcome = try example.run("epo:history=[1]")
    #expect(isClose(outcome["penalty"], [0, 0.018007, 0, 0]))
    #expect(outcome["above"] == [0, 1, 0, 0])
    #expect(outcome["below"] == [0, 0, 0, 0])
    #expect(isClose(outcome.metrics["entropy_mean"]!, 1.136974))
    #expect(isClose(outcome.metrics["smooth_mean"]!, 0.0045018))
    #expect(isClose(outcome.loss, -0.059676989))
  }

  @Test func theIndicatorHasTheGradientOfThePlainBonus() throws {
    let outcome = try example.run(known + "penalty=indicator")
    #expect(isClose(Double(outcome["penalty"][1]), 0.1))
    #expect(isClose(outcome.loss, -0.058544516 - 0.001 * (1.136974 - 0.025)))
    let bonus = try example.run("entropy-bonus:entropy_coef=0.001")
    #expect(outcome.gradient == bonus.gradient)
    #expect(try outcome.gradient != example.run("epo:history=[1]").gradient)
  }

  @Test func aTurnIsJudgedByTheMeanOfItsTrainedTokens() throws {
    var example = example
    example.turns = [0, 0, 0, 1]
    let outcome = try example.run("epo:history=[1,null],unit=turn")
    let mean = (0.947537 + 1.380071) / 2
    #expect(isClose(outcome["unit_entropy"], [mean, mean, 1.109767, 1.110522]))
    #expect(isClose(outcome["penalty"], [0, 0, 0, 0]))
    let above = try example.run("epo:history=[0.9,null],unit=turn,alpha=1")
    #expect(isClose(Double(above["penalty"][0]), mean - 1.2 * 0.9))

    example.mask = [1, 0, 1, 1]
    let masked = try example.run("epo:history=[1,null],unit=turn")
    #expect(isClose(Double(masked["unit_entropy"][0]), 0.947537))
    #expect(masked["unit_entropy"][1].isNaN)
  }

  @Test func aTurnsGradientIsThatOfItsMean() throws {
    // In the direction of every logit: hbar is far below, so that all of turn 0 lies above.
    var example = example
    example.turns = [0, 0, 1, 1]
    let request = "epo:history=[0.5],unit=turn,lambda=0.5,mu=2,alpha=1"
    let gradient = try example.run(request).gradient
    let step = 1e-2
    for v in 0..<4 {
      var (up, down) = (example, example)
      up.logits[0][v] += step
      down.logits[0][v] -= step
      let difference = try (up.run(request).loss - down.run(request).loss) / (2 * step)
      #expect(abs(difference - gradient[0][v]) < 2e-4, "logit \(v)")
    }
  }

  @Test func anUnknownTurnHasNoBand() throws {
    var example = example
    example.turns = [0, 1, 0, 1]
    #expect(try example.run("epo:history=[1,null]")["penalty"] == [0, 0, 0, 0])
    #expect(try example.run("epo:history=[1,0]")["penalty"] == [0, 0, 0, 0])
    #expect(try example.run("epo:history=[1]")["penalty"] == [0, 0, 0, 0])
    #expect(try example.run("epo")["penalty"] == [0, 0, 0, 0])
  }

  @Test func theGateOpensForAllOnceATokenHasComeThatFar() throws {
    var example = example
    example.turns = [0, 0, 0, 2]
    #expect(try example.run(known + "min_turn=3")["penalty"] == [0, 0, 0, 0])
    #expect(try example.run(known + "min_turn=2")["penalty"][1] > 0)
    example.mask[3] = 0
    #expect(try example.run(known + "min_turn=2")["penalty"][1] == 0)
  }

  @Test func historyIsTheMeanOfEarlierRolloutsByTurn() throws {
    var experiment = Experiment(
      logits: [[1, 0], [3, 0]], lengths: [2], tokens: [0, 0], advantages: [0, 0])
    experiment.turns = [0, 1]
    let member = try intervention("epo:alpha=1")
    func run(_ rollout: Int, _ update: Int, _ logits: [[Double]]) throws -> [Float] {
      (experiment.position.rollout, experiment.position.update) = (rollout, update)
      (experiment.logits, experiment.oldLogits) = (logits, logits)
      return try member.run(experiment)["penalty"]
    }
    func entropy(_ z: Double) -> Double { distribution([z, 0]).entropy }

    #expect(try run(1, 0, [[1, 0], [3, 0]]) == [0, 0])
    #expect(try run(1, 1, [[2, 0], [3, 0]]) == [0, 0])  // the rollout under way does not count
    let first = (entropy(1) + entropy(2)) / 2
    #expect(try isClose(run(2, 0, [[0, 0], [3, 0]]), [entropy(0) - 1.2 * first, 0]))
    let both = (first + entropy(0)) / 2
    #expect(try isClose(run(3, 0, [[5, 0], [3, 0]]), [0.8 * both - entropy(5), 0]))

    // What was gathered of the rollout under way is state too.
    let resumed = try intervention("epo:alpha=1")
    try resumed.restoreState(#require(try member.saveState()))
    experiment.position.rollout = 4
    #expect(try resumed.run(experiment).loss == member.run(experiment).loss)
  }

  @Test func turnsOfEpisodesHaveAHistoryEachAndToolsHaveNone() throws {
    // Two episodes of two turns, a tool's answer between them: what is masked counts nowhere,
    // whatever its columns say.
    var experiment = Experiment(
      logits: [[1, 0], [0, 9], [3, 0], [2, 0], [0, 9], [0, 0]], lengths: [3, 3],
      tokens: [0, 0, 0, 0, 0, 0], advantages: [0, 0, 0, 0, 0, 0])
    experiment.turns = [0, 0, 1, 0, 0, 1]
    experiment.mask = [1, 0, 1, 1, 0, 1]
    let member = try intervention("epo:alpha=1,unit=turn")
    _ = try member.run(experiment)
    experiment.position.rollout = 2
    experiment.logits = Array(repeating: [0.5, 0], count: 6)
    let outcome = try member.run(experiment)
    func entropy(_ z: Double) -> Double { distribution([z, 0]).entropy }
    let means = [(entropy(1) + entropy(2)) / 2, (entropy(3) + entropy(0)) / 2]
    let expected = [0, 2, 3, 5].map { t in
      let (mean, now) = (means[experiment.turns[t]], entropy(0.5))
      return max(0, now - 1.2 * mean) + max(0, 0.8 * mean - now)
    }
    #expect(isClose(outcome["penalty"].filter { !$0.isNaN }, expected))
    #expect(outcome["penalty"][1].isNaN && outcome["penalty"][4].isNaN)
    #expect(expected[0] > 0 && expected[1] > 0)
  }

  @Test func aWindowForgetsOldRollouts() throws {
    var experiment = Experiment(
      logits: [[0, 0]], lengths: [1], tokens: [0], advantages: [0])
    let member = try intervention("epo:alpha=1,window=1")
    _ = try member.run(experiment)
    experiment.logits = [[2, 0]]
    experiment.oldLogits = experiment.logits
    experiment.position.rollout = 2
    #expect(try member.run(experiment)["below"] == [1])
    experiment.position.rollout = 3
    #expect(try member.run(experiment)["penalty"] == [0])
  }

  @Test(arguments: [
    ("constant", 0, 1.0), ("constant", 150, 1), ("code_decay", 0, 1), ("code_decay", 75, 0.827067),
    ("code_decay", 90, 0.439049), ("code_decay", 150, 0.039830), ("rising", 0, 0),
    ("rising", 150, 0.960170), ("exp_decay", 0, 2), ("exp_decay", 75, 1.367879),
  ])
  func thePhaseWeighsThePenalty(_ phase: String, _ iteration: Int, _ weight: Double) throws {
    var example = example
    (example.position.rollout, example.position.totalSteps) = (iteration + 1, 150)
    #expect(try isClose(example.run("epo:phase=\(phase)").metrics["beta_k"]!, weight))
  }
}
