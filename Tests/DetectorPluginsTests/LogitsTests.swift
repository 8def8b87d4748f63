import Detectors
import Foundation
import Testing

@Suite struct SoftmaxCollapseTests {
  @Test func logitsAThousandTimesAsLargeCollapse() throws {
    let detector = try Watched("softmax-collapse")
    let logits = [1.5, 0.2, -1, 0.9]
    try detector.look(logits: logits)
    #expect(detector["collapsed"] == 0 && detector["zero_loss"] == 0)
    try detector.look(logits: logits.map { 1000 * $0 })
    #expect(detector["collapsed"] == 1 && detector["zero_loss"] == 1)
    #expect(detector["near_collapse"] == 1)
  }

  @Test func aGapOfSeventeenNatsIsAbsorbedAndOneOfFifteenIsNearlySo() throws {
    let detector = try Watched("softmax-collapse")
    try detector.look(logits: [17, 0])
    #expect(detector["collapsed"] == 1)
    try detector.look(logits: [15, 0])
    #expect(detector["collapsed"] == 0 && detector["near_collapse"] == 1)
    try detector.look(logits: [15, 0], temperature: 2)
    #expect(detector["near_collapse"] == 0)
  }

  @Test func collapseThatLastsIsSaidAndCriticalWhereItIsMostRows() throws {
    let detector = try Watched("softmax-collapse")
    let findings = try (0..<3).map { _ in try detector.look(logits: [40, 0, 1]) }
    #expect(findings[1] == .nothing && findings[2].isCritical)
  }

  @Test func aStepAlongTheWeightsIsNaiveLossMinimisation() throws {
    let detector = try Watched("softmax-collapse:aligned_looks=5")
    var reasons: [String] = []
    for step in 0..<24 {
      let row = [2.0 + Double(step), 0, -1].map { Float($0) }
      reasons.append(
        try row.withUnsafeBufferPointer { row in
          try detector.look(.gradients) { seen in
            var tensor = TensorView(name: "w", shape: [4])
            (tensor.gradientNorm, tensor.weightNorm, tensor.alignment) = (2, 3, 5.9)
            seen.tensors = [tensor]
            seen.metrics["reward/mean"] = 0.5
            seen.logits = [LogitRow(token: 0, index: 0, advantage: 1, logits: row)]
          }
        }.reason)
    }
    #expect(isClose(detector["nlm_cosine"], 5.9 / 6))
    #expect(reasons.contains { $0.contains("scales logits") }, "\(reasons)")
  }

  @Test func theGradientOfACertainTokenIsAScalingOfItsLogits() throws {
    let detector = try Watched("softmax-collapse")
    // dz = -(e_1 - p) of two symbols lies along z = (d, -d): the step makes d larger.
    try detector.look(logits: [1, 0], token: 0)
    #expect(isClose(detector["scale_alignment"], 1))
    try detector.look(logits: [1, 0], token: 0, advantage: -1)
    #expect(isClose(detector["scale_alignment"], -1))
  }
}

@Suite struct StepRadiusTests {
  private let logits = [0.3, -1, 2, 0.5]
  private let change = [0.4, -0.7, 0.1, 0.2]

  @Test func theRatioIsLinearInTheUpdate() throws {
    let detector = try Watched("step-radius")
    for factor in [0.1, 1, 7] {
      try detector.look(
        .update, logits: logits, change: change.map { factor * $0 }, updateNorm: factor)
      #expect(isClose(detector["ratio"], factor * 1.1 / .pi))
      #expect(isClose(detector["radius"], .pi / 1.1))
    }
  }

  @Test func aShiftOfAllLogitsIsNoChange() throws {
    let detector = try Watched("step-radius")
    try detector.look(.update, logits: logits, change: [5, 5, 5, 5])
    #expect(detector["ratio"] == 0)
    try detector.look(.update, logits: logits, change: change.map { $0 + 8 })
    #expect(isClose(detector["ratio"], 1.1 / .pi))
  }

  @Test func twoSymbolsHaveTheirExactRadius() throws {
    let detector = try Watched("step-radius")
    try detector.look(.update, logits: [1.3, 0], change: [0.4, -2.1])
    #expect(isClose(detector["radius_top2"], (1.3 * 1.3 + .pi * .pi).squareRoot() / 2.5))
    #expect(isClose(detector["radius"], .pi / 2.5))
    try detector.look(.update, logits: [1.3, 0], change: [0.4, -2.1], temperature: 0.5)
    #expect(isClose(detector["radius_top2"], (2.6 * 2.6 + .pi * .pi).squareRoot() / 5))
    #expect(isClose(detector["ratio"], 5 / .pi))
  }

  @Test func theControllerShortensToItsShareOfTheRadius() throws {
    let detector = try Watched("step-radius:controller=true")
    #expect(detector.detector.needs.every == 1)
    let long = try detector.look(.update, logits: logits, change: change.map { 10 * $0 })
    guard case .shorten(let factor) = long.action else {
      Issue.record("\(long)")
      return
    }
    #expect(isClose(factor, 0.9 * .pi / 11))
    #expect(try detector.look(.update, logits: logits, change: change) == .nothing)
  }

  @Test func withoutItALongStepIsAWarningAndAVeryLongOneCritical() throws {
    let detector = try Watched("step-radius")
    #expect(detector.detector.needs.every == 10)
    let long = try (0..<3).map { _ in
      try detector.look(.update, logits: logits, change: change.map { 2 * $0 })
    }
    #expect(long[1] == .nothing && long[2].action == .warn)
    let first = try Watched("step-radius").look(
      .update, logits: logits, change: change.map { 100 * $0 })
    #expect(first.action == .scaleRate(factor: 0.5, steps: 50) && first.isCritical)
  }
}

@Suite struct OutputLogitsTests {
  @Test func logitsThatDriftAreSaid() throws {
    let detector = try Watched("output-logits")
    try detector.look(logits: [1, 2, 3])
    #expect(isClose(detector["log_z"], log(exp(1.0) + exp(2.0) + exp(3.0))))
    #expect(detector["spread"] == 2 && isClose(detector["mean"], 2))
    var chance = SplitMix(state: 8)
    for _ in 0..<40 {
      #expect(try detector.look(logits: [1, 2, 3 + chance.normal()]) == .nothing)
    }
    let findings = try (0..<3).map { _ in try detector.look(logits: [-19, -18, -17]) }
    #expect(findings[2].action == .warn && findings[2].reason.hasPrefix("log Z of the output"))
  }
}

@Suite struct AttentionTests {
  @discardableResult
  private func look(
    _ detector: Watched, entropies: [Double], sink: Double = 0, score: Double = 10
  ) throws -> Finding {
    try detector.look(.step) { seen in
      seen.heads = entropies.enumerated().map { index, entropy in
        var head = AttentionHead(layer: index / 2, head: index % 2)
        (head.entropy, head.sink, head.scoreMax) = (entropy, sink, score)
        return head
      }
    }
  }

  @Test func headsThatCollapseAreSaidAndSinksAreNot() throws {
    let detector = try Watched("attention:kept=0")
    let sinks = try Watched("attention:kept=0")
    for watched in [detector, sinks] { try look(watched, entropies: [0.6, 0.7, 0.5, 0.6]) }
    let found = try (0..<2).map { _ in try look(detector, entropies: [0.01, 0.7, 0.5, 0.6]) }
    #expect(detector["collapsed"] == 0.25 && detector["entropy_min"] == 0.01)
    #expect(found[1].reason.hasPrefix("25% of the attention heads look at one place, 0%"))
    for _ in 0..<3 {
      #expect(try look(sinks, entropies: [0.01, 0.7, 0.5, 0.6], sink: 0.95) == .nothing)
    }
    #expect(sinks["sinks"] == 1)
  }

  @Test func aLayerThatLosesHalfOfItsEntropyIsSaid() throws {
    let detector = try Watched("attention")
    try look(detector, entropies: [0.6, 0.7, 0.5, 0.6])
    let found = try (0..<2).map { _ in try look(detector, entropies: [0.6, 0.7, 0.2, 0.2]) }
    #expect(isClose(detector["kept_min"], 0.4 / 1.1))
    #expect(found[1].reason.hasPrefix("the attention of layer 1 has 36.4% of the entropy"))
  }

  @Test func scoresHaveToHaveGrown() throws {
    let detector = try Watched("attention")
    for _ in 0..<4 {
      #expect(try look(detector, entropies: [0.5, 0.5], score: 600) == .nothing)
    }
    let critical = try look(detector, entropies: [0.5, 0.5], score: 1300)
    #expect(critical.action == .scaleRate(factor: 0.3, steps: 100) && critical.isCritical)
    #expect(try look(detector, entropies: [0.5, 0.5], score: 2e4).action == .stop)
  }
}
