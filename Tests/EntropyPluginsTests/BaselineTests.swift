import EntropyControl
import Testing

@Suite struct CovarianceTests {
  @Test func clipCovDropsDrawnCandidates() throws {
    let outcome = try Experiment.example.run("clip-cov:cov_lb=0.2,clip_cov_ratio=1")
    #expect(isClose(outcome["cov"], [1.093286, 0.090941, -0.987470, 2.171697]))
    // The last is silenced by the surrogate's own bound.
    #expect(outcome["candidate"] == [1, 0, 0, 0])
    #expect(outcome["dropped"] == [1, 0, 0, 0])
    #expect(isClose(outcome.loss, 0.221570886))
    #expect(outcome.gradient[0] == [0, 0, 0, 0])
  }

  @Test func theDrawIsAFunctionOfSeedAndStep() throws {
    var experiment = Experiment.random(60, vocabulary: 8, seed: 3)
    experiment.mask = Array(repeating: 1, count: 60)
    (experiment.objective.clipLow, experiment.objective.clipHigh) = (1, 100)
    func dropped(seed: UInt64, step: Int = 1) throws -> [Float] {
      experiment.position.step = step
      return try intervention("clip-cov:cov_lb=0.01,cov_ub=9,clip_cov_ratio=0.1", seed: seed)
        .run(experiment)["dropped"]
    }
    let first = try dropped(seed: 1)
    #expect(first.reduce(0, +) == 6)
    #expect(try dropped(seed: 1) == first)
    #expect(try dropped(seed: 2) != first)
    #expect(try dropped(seed: 1, step: 2) != first)
  }

  @Test func everyCandidateIsDrawnEquallyOften() throws {
    let experiment = Experiment.example
    var counts = [Float](repeating: 0, count: 4)
    for step in 1...400 {
      var experiment = experiment
      experiment.position.step = step
      (experiment.objective.clipLow, experiment.objective.clipHigh) = (1, 9)
      let outcome = try experiment.run("clip-cov:cov_lb=0.01,clip_cov_ratio=0.25")
      for t in 0..<4 { counts[t] += outcome["dropped"][t] }
    }
    // Three candidates, one of them drawn: 133 of 400, give or take four deviations.
    #expect(counts[2] == 0)
    for t in [0, 1, 3] { #expect(abs(counts[t] - 133) < 38, "token \(t)") }
  }

  @Test func givenTokensTakeThePlaceOfTheDraw() throws {
    var experiment = Experiment.example
    (experiment.objective.clipLow, experiment.objective.clipHigh) = (1, 9)
    let outcome = try experiment.run("clip-cov:cov_lb=0.01,clip_cov_ratio=1,selected=[3]")
    #expect(outcome["dropped"] == [0, 0, 0, 1])
  }

  @Test func klCovHoldsTheLargestCovariancesBack() throws {
    let outcome = try Experiment.example.run("kl-cov:kl_cov_ratio=0.25")
    #expect(outcome["selected"] == [0, 0, 0, 1])
    #expect(isClose(outcome.loss, 0.014788662))
    #expect(outcome.shaping.clipHigh == Array(repeating: .infinity, count: 4))
    #expect(try InterventionSet([intervention("kl-cov")]).members[0].needs.replacesBase)
  }

  @Test func equalCovariancesAreTakenInOrder() throws {
    var experiment = Experiment.example
    experiment.logits = Array(repeating: [1, 0, 0, 0], count: 4)
    experiment.tokens = [0, 0, 0, 0]
    #expect(try experiment.run("kl-cov:kl_cov_ratio=0.5")["selected"] == [1, 1, 0, 0])
  }

  @Test func boundsThatTheUserWroteStay() throws {
    var experiment = Experiment.example
    experiment.position.clipIsExplicit = true
    let shaping = try experiment.run("kl-cov").shaping
    #expect(shaping.clipLow == [0.2, 0.2, 0.2, 0.2])
  }
}

@Suite struct HighEntropyTests {
  @Test func theQuantileKeepsDenominators() throws {
    let outcome = try Experiment.example.run("high-entropy-tokens:rho=0.25")
    #expect(outcome["kept"] == [0, 1, 0, 0])
    #expect(isClose(outcome.loss, -0.277668460))
    #expect(outcome.metrics["kept"] == 0.25)
  }

  @Test func topKShrinksThem() throws {
    let outcome = try Experiment.example.run("high-entropy-tokens:rho=0.25,variant=topk")
    #expect(outcome["kept"] == [0, 1, 0, 0])
    #expect(isClose(outcome.loss, 4 * -0.277668460))
  }

  @Test func allOfItIsNoChange() throws {
    for variant in ["quantile", "topk"] {
      let outcome = try Experiment.example.run("high-entropy-tokens:rho=1,variant=\(variant)")
      #expect(outcome["kept"] == [1, 1, 1, 1])
      #expect(isClose(outcome.loss, -0.058544516))
    }
  }

  @Test func tiesAreKeptByTheQuantileAndCutByTopK() throws {
    var experiment = Experiment.example
    experiment.logits = Array(repeating: [1, 0, 0, 0], count: 4)
    #expect(try experiment.run("high-entropy-tokens:rho=0.5")["kept"] == [1, 1, 1, 1])
    #expect(
      try experiment.run("high-entropy-tokens:rho=0.5,variant=topk")["kept"] == [1, 1, 0, 0])
  }
}

@Suite struct EntropyAdvantageTests {
  @Test func anAdvantageGrowsByNoMoreThanAShareOfItself() throws {
    let outcome = try Experiment.example.run("entropy-advantage")
    #expect(isClose(outcome["shaped_advantage"], [1.379015, 1.5, -0.556093, -0.555791]))
    #expect(isClose(outcome.loss, -0.525222767))
  }

  @Test func noAdvantageStaysNone() throws {
    var experiment = Experiment.example
    experiment.advantages = [0, 0, 0, 0]
    #expect(try experiment.run("entropy-advantage")["shaped_advantage"] == [0, 0, 0, 0])
  }
}

@Suite struct EntropyCoefficientTests {
  @Test func theBonusFollowsThePolicysAggregation() throws {
    var experiment = Experiment.example
    #expect(try isClose(experiment.run("entropy-bonus:entropy_coef=0.01").loss, -0.069914258))
    experiment.lengths = [1, 3]
    experiment.objective.aggregation = .seqMeanTokenMean
    let own = try experiment.run("entropy-bonus:entropy_coef=0.01")
    let plain = try experiment.run("entropy-bonus:entropy_coef=0")
    let mean = 0.5 * 0.947537 + (1.380071 + 1.109767 + 1.110522) / 6
    #expect(isClose(own.loss - plain.loss, -0.01 * mean))
  }

  @Test func theBonusMayHaveAnAggregationOfItsOwn() throws {
    var experiment = Experiment.example
    experiment.lengths = [1, 3]
    experiment.objective.aggregation = .seqMeanTokenMean
    let plain = try experiment.run("entropy-bonus:entropy_coef=0").loss
    func added(_ aggregation: String) throws -> Double {
      try experiment.run("entropy-bonus:entropy_coef=0.01,entropy_agg=\(aggregation)").loss - plain
    }
    #expect(try isClose(added("token-mean"), -0.01 * 1.136974))
    #expect(try isClose(added("seq-mean-token-sum"), -0.01 * 4 * 1.136974 / 2))
    let own = try experiment.run("entropy-bonus:entropy_coef=0.01")
    let same = try experiment.run(
      "entropy-bonus:entropy_coef=0.01,entropy_agg=seq-mean-token-mean")
    #expect(isClose(same.loss, own.loss))
    for (a, b) in zip(same.gradient, own.gradient) { #expect(isClose(a, b)) }
  }

  @Test func theAdaptiveCoefficientActsOneStepLater() throws {
    let request = "adaptive-entropy:init=0.01,max=1,delta=0.005,target=1.2"
    let member = try intervention(request)
    let first = try member.run(.example)  // entropy 1.137
    #expect(first.shaping.entropyCoefficient == 0)
    #expect(first.metrics["coef_next"] == 0.015)
    let second = try member.run(.example)
    #expect(second.shaping.entropyCoefficient == 0.015)
    #expect(second.metrics["coef_next"] == 0.02)

    let resumed = try intervention(request)
    try resumed.restoreState(#require(try member.saveState()))
    var flat = Experiment.example
    flat.logits = Array(repeating: [0, 0, 0, 0], count: 4)
    let third = try resumed.run(flat)
    #expect(third.shaping.entropyCoefficient == 0.02)
    #expect(isClose(third.metrics["coef_next"]!, 0.015))
    // Above the target: none is applied.
    #expect(try resumed.run(.example).shaping.entropyCoefficient == 0)
  }
}
