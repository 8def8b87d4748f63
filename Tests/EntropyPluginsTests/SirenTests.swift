import Testing

@Suite struct SirenTests {
  var example: Experiment {
    var example = Experiment.example
    (example.objective.clipLow, example.objective.clipHigh) = (0.28, 0.28)
    (example.objective.aggregation, example.objective.norm) = (.seqMeanSumNorm, 2)
    return example
  }

  @Test func peaksArePulledTowardsTheAnchor() throws {
    let outcome = try example.run("siren:anchor=0.5,peak_quantile=0.5")
    #expect(outcome["nucleus_size"] == [2, 4, 3, 3])
    #expect(isClose(outcome["nucleus_entropy"], [0.582203, 1.380071, 0.905959, 1.020191]))
    #expect(isClose(outcome["row_threshold"], [0.981137, 0.981137, 0.963075, 0.963075]))
    #expect(outcome["peak"] == [0, 1, 0, 1])
    #expect(isClose(outcome.metrics["aggregated_entropy"]!, 1.200131))
    #expect(isClose(outcome.metrics["regulariser"]!, 0.0024509))
    #expect(isClose(outcome.loss, -0.076093599))
    #expect(isClose(outcome.gradient[3], [-0.000603, 0, 0.000172, 0.000431]))
  }

  @Test func theNucleusMayEndBelowTheMass() throws {
    let outcome = try example.run("siren:anchor=0.5,peak_quantile=0.5,nucleus_mode=below")
    #expect(outcome["nucleus_size"] == [1, 3, 2, 2])
    #expect(isClose(outcome["nucleus_entropy"], [0, 1.095287, 0.582203, 0.662847]))
    #expect(isClose(outcome.metrics["aggregated_entropy"]!, 0.879067))
    #expect(isClose(outcome.loss, -0.077826056))
  }

  @Test func theFirstStepIsTheAnchorOfTheRun() throws {
    let request = "siren:peak_quantile=0.5"
    let member = try intervention(request)
    let first = try member.run(example)
    #expect(first.metrics["regulariser"] == 0)
    var later = example
    later.logits = later.logits.map { $0.map { $0 * 2 } }
    let second = try member.run(later)
    #expect(isClose(second.metrics["anchor"]!, 1.200131))
    #expect(second.metrics["aggregated_entropy"]! < 1.2)
    // Below the anchor, entropy is raised: the most probable member loses.
    #expect(second.metrics["regulariser"]! > 0)
    let plain = try later.run("siren:coef=0")
    #expect(second.gradient[1][0] - plain.gradient[1][0] > 0)

    let resumed = try intervention(request)
    try resumed.restoreState(#require(try member.saveState()))
    #expect(try resumed.run(later).loss == member.run(later).loss)
  }

  @Test func aRowWhosePositionsAreAlikeHasNoPeak() throws {
    var example = example
    example.logits = Array(repeating: [2, 1, 0, -1], count: 4)
    let outcome = try example.run("siren:anchor=0.5")
    #expect(outcome["peak"] == [0, 0, 0, 0])
    #expect(outcome.metrics["empty_rows"] == 2)
    #expect(outcome.metrics["aggregated_entropy"] == 0)
    #expect(isClose(outcome.metrics["regulariser"]!, 0.005 * 0.25))
    // It adds a constant.
    let plain = try example.run("siren:coef=0")
    #expect(outcome.gradient == plain.gradient)
    #expect(isClose(outcome.loss - plain.loss, 0.005 * 0.25))
  }

  @Test func aStepWithoutPeaksLeavesTheAnchorToTheNext() throws {
    let member = try intervention("siren:peak_quantile=0.5")
    var flat = example
    flat.logits = Array(repeating: [2, 1, 0, -1], count: 4)
    _ = try member.run(flat)
    #expect(try isClose(member.run(example).metrics["anchor"]!, 1.200131))
  }

  @Test func aMaskedRowCountsAmongTheRowsAndNothingElse() throws {
    var example = example
    example.mask = [1, 1, 0, 0]
    let outcome = try example.run("siren:anchor=0.5,peak_quantile=0.5")
    #expect(isClose(outcome.metrics["aggregated_entropy"]!, 1.380071 / 2))
    #expect(outcome.metrics["empty_rows"] == 1)
    #expect(outcome.gradient[3] == [0, 0, 0, 0])
  }
}
