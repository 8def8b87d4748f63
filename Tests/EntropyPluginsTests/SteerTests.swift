import Testing

@Suite struct SteerTests {
  var example: Experiment {
    var example = Experiment.example
    example.objective.clipHigh = 0.28
    return example
  }

  @Test func theExponentialMappingShrinksWhatMovesTheEntropyMost() throws {
    let outcome = try example.run("steer")
    #expect(isClose(outcome["omega"], [0.235332, -0.057139, -0.343647, 1.560415]))
    #expect(isClose(outcome["weight"], [0.966907, 0.991862, 0.952045, 0.8]))
    #expect(isClose(outcome.loss, -0.101364897))
    #expect(isClose(outcome.gradient[0], [-0.096444, 0.064159, 0.023603, 0.008683]))
    #expect(isClose(outcome.metrics["max_score"]!, 1.560415))
  }

  @Test func theLinearMappingGoesFromLambdaMaxToLambdaMin() throws {
    let outcome = try example.run("steer:mapping=linear")
    #expect(isClose(outcome["weight"], [1.152585, 1.2, 1.123764, 0.8]))
    #expect(isClose(outcome.loss, -0.159784578))
  }

  @Test func theFullEstimatorPredictsATabularStep() throws {
    // One step of size eta on the surrogate of one token alone: dz = eta A r (e_y - p).
    var example = example
    example.oldLogits = example.logits
    let predicted = try example.run("steer:estimator=full")["omega"]
    let eta = 1e-3
    for t in 0..<4 {
      let before = distribution(example.logits[t])
      let moved = zip(example.logits[t], before.probabilities.enumerated()).map { z, p in
        z + eta * Double(example.advantages[t])
          * ((p.offset == Int(example.tokens[t]) ? 1 : 0) - p.element)
      }
      let change = distribution(moved).entropy - before.entropy
      #expect(abs(change + eta * Double(predicted[t])) < 0.01 * abs(change), "token \(t)")
    }
  }

  @Test func withoutAdvantageNothingIsWeighed() throws {
    var example = example
    example.advantages = [0, 0, 0, 0]
    #expect(try example.run("steer")["weight"] == [1, 1, 1, 1])
    let linear = try example.run("steer:mapping=linear,lambda_min=0.6")
    #expect(isClose(linear["weight"], [0.9, 0.9, 0.9, 0.9]))
  }

  @Test func statisticsLeaveMaskedTokensOut() throws {
    var example = example
    example.mask = [1, 1, 1, 0]
    let outcome = try example.run("steer")
    #expect(isClose(outcome.metrics["max_score"]!, 0.343647))
    #expect(isClose(Double(outcome["weight"][2]), 0.8))
    #expect(outcome["weight"][3].isNaN)
    #expect(outcome.gradient[3] == [0, 0, 0, 0])
  }

  @Test func aSmallLargestScoreIsHeldAgainstTheFloor() throws {
    var example = Experiment.example
    example.advantages = [0.001, 0, 0, 0]
    let outcome = try example.run("steer")
    #expect(outcome["weight"][0] > 0.99)
  }

  @Test func theEntropyMayBeThatOfThePolicyAsItIsNow() throws {
    var example = example
    let old = try example.run("steer:entropy_source=old")["omega"]
    let current = try example.run("steer:entropy_source=current")["omega"]
    #expect(old != current)
    example.oldLogits = example.logits
    #expect(
      try example.run("steer:entropy_source=old")["omega"]
        == example.run("steer:entropy_source=current")["omega"])
  }
}
