import Detectors
import Foundation
import Testing

@Suite struct OffPrincipalTests {
  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> [Float] {
    var chance = SplitMix(state: seed)
    return (0..<rows * columns).map { _ in Float(chance.normal()) }
  }

  /// Figures of a change from one matrix to another.
  private func figures(
    _ before: [Float], _ after: [Float], _ shape: [Int], _ request: String = "off-principal"
  ) throws -> Watched {
    let detector = try Watched(request)
    #expect(try detector.look(matrix: before, shape: shape) == .nothing)
    try detector.look(matrix: after, shape: shape)
    return detector
  }

  @Test func noChangeIsSparseAndTurnsNothing() throws {
    let matrix = random(12, 10, seed: 1)
    let found = try figures(matrix, matrix, [12, 10])
    #expect(found["sparsity"] == 1 && found["nss"] == 0 && found["bf16_changed"] == 0)
    #expect(found["angle_u_max"]! < 1e-5 && found["angle_v_max"]! < 1e-5)
    #expect(found["off_principal_energy"] == nil && found["overlap_principal"] == nil)
  }

  @Test func aScalingShiftsTheSpectrumAndTurnsNothing() throws {
    let matrix = random(12, 10, seed: 2)
    let found = try figures(matrix, matrix.map { $0 * 1.03125 }, [12, 10])
    #expect(isClose(found["nss"], 0.03125))
    #expect(found["angle_u_max"]! < 1e-3 && found["angle_v_max"]! < 1e-3)
    #expect(found["sparsity"] == 0)
    #expect(isClose(found["stable_rank"], found["stable_rank"]!))
  }

  @Test func aTurnWithinTheLeadingPlaneLeavesItsSpan() throws {
    // diag(5, 4, 1, ...) with its first two rows turned by 0.3.
    var before = [Float](repeating: 0, count: 36)
    for (i, value) in [5, 4, 1, 0.8, 0.6, 0.4].enumerated() { before[7 * i] = Float(value) }
    var after = before
    let (c, s) = (Float(cos(0.3)), Float(sin(0.3)))
    (after[0], after[1], after[6], after[7]) = (5 * c, -4 * s, 5 * s, 4 * c)
    let two = try figures(before, after, [6, 6], "off-principal:k=2")
    #expect(two["angle_u_max"]! < 1e-3 && two["angle_v_max"]! < 1e-3 && two["nss"]! < 1e-6)
    let one = try figures(before, after, [6, 6], "off-principal:k=1")
    #expect(isClose(one["angle_u_max"], 0.3 * 180 / .pi, 1e-4))
    #expect(one["off_principal_energy"]! > 0.5)
  }

  @Test func aChangeOfRankOneHasStableRankOne() throws {
    let before = random(9, 7, seed: 3)
    var after = before
    for i in 0..<9 { for j in 0..<7 { after[7 * i + j] += 0.1 * Float(i + 1) * Float(j - 3) } }
    #expect(try isClose(figures(before, after, [9, 7])["stable_rank"], 1, 1e-4))
  }

  @Test func theRangeFinderAgreesWithAllSingularValues() throws {
    // A spectrum that falls, as weights' do.
    var chance = SplitMix(state: 4)
    let (rows, columns) = (60, 40)
    var before = [Float](repeating: 0, count: rows * columns)
    for rank in 0..<30 {
      let (u, v) = (
        (0..<rows).map { _ in chance.normal() }, (0..<columns).map { _ in chance.normal() }
      )
      for i in 0..<rows {
        for j in 0..<columns {
          before[columns * i + j] += Float(u[i] * v[j] * exp(-0.4 * Double(rank)))
        }
      }
    }
    let after = before.map { $0 + Float(0.01 * chance.normal()) }
    let exact = try figures(before, after, [rows, columns], "off-principal:k=6")
    let sketched = try figures(
      before, after, [rows, columns], "off-principal:k=6,exact_below=1")
    for figure in ["angle_u_max", "angle_v_mean", "off_principal_energy", "overlap_principal"] {
      #expect(isClose(sketched[figure], exact[figure]!, 0.02), "\(figure)")
    }
    #expect(sketched["bf16_changed"] == exact["bf16_changed"])
  }

  @Test func ofManyMatricesAFewAreFollowedInTurn() throws {
    let detector = try Watched("off-principal:matrices=2,per_look=1")
    func look(_ scales: [Float]) throws {
      let blocks = scales.map { scale in
        let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 12)
        _ = block.initialize(from: random(4, 3, seed: 5).map { scale * $0 })
        return block
      }
      defer { for block in blocks { block.deallocate() } }
      try detector.look(.checkpoint) { seen in
        seen.tensors = blocks.enumerated().map { index, block in
          var tensor = TensorView(name: "layers.\(index).weight", shape: [4, 3])
          tensor.weights = UnsafeBufferPointer(block)
          return tensor
        }
      }
    }
    try look([1, 1, 1, 1])
    try look([1.5, 1, 1.25, 1])  // the first and the third of four are followed
    #expect(isClose(detector["nss"], 0.5))
    try look([1.5, 1, 1.25, 1])
    #expect(isClose(detector["nss"], 0.25))
  }

  @Test func itWarnsWhereItIsAsked() throws {
    let (before, after) = (random(12, 10, seed: 6), random(12, 10, seed: 7))
    let quiet = try Watched("off-principal")
    try quiet.look(matrix: before, shape: [12, 10])
    #expect(try quiet.look(matrix: after, shape: [12, 10]) == .nothing)
    let detector = try Watched("off-principal:warns=true")
    try detector.look(matrix: before, shape: [12, 10])
    let finding = try detector.look(matrix: after, shape: [12, 10])
    #expect(finding.reason.contains("none of reinforcement learning any more"))
  }
}

@Suite struct ForgettingTests {
  /// Shows it evaluations of suites, the first of which is learned.
  private func look(_ detector: Watched, _ accuracies: [Double]) throws -> Finding {
    try detector.look(.evaluation) { seen in
      for (suite, accuracy) in accuracies.enumerated() {
        seen.metrics[["eval/a/accuracy", "eval/b/accuracy", "eval/c/accuracy"][suite]] = accuracy
      }
    }
  }

  @Test func theTableByHand() throws {
    let detector = try Watched("forgetting:windows=[2]")
    for row in [[0.3, 0.8, 0.3], [0.5, 0.6, 0.6], [0.7, 0.7, 0.4], [0.6, 0.9, 0.5]] {
      _ = try look(detector, row)
    }
    #expect(detector["b/min_accuracy"] == 0.6 && detector["c/min_accuracy"] == 0.4)
    #expect(isClose(detector["min_accuracy"], 0.5))
    #expect(isClose(detector["worst_case"], 0.6 / 3 + 2.0 / 3 * 0.5))
    #expect(isClose(detector["c/forgetting"], 0.1) && detector["b/forgetting"] == 0)
    #expect(isClose(detector["b/windowed_forgetting_2"], 0.2))
    #expect(isClose(detector["c/windowed_plasticity_2"], 0.3))
    // b fell at once and was back at the fourth; c rose, and fell to no less than where it began.
    #expect(isClose(detector["b/stability_gap"], 0.2) && detector["b/gap_length"] == 2)
    #expect(detector["c/stability_gap"] == 0 && detector["c/gap_length"] == 0)
  }

  @Test func aLossIsSaidOnceForEachStepDown() throws {
    let detector = try Watched("forgetting:items=1000")
    let findings = try [0.8, 0.79, 0.7, 0.7, 0.6].map { try look(detector, [0.5, $0]) }
    #expect(findings.map(\.action.kind) == [.none, .none, .warn, .none, .warn])
    #expect(findings[2].reason.hasPrefix("'b' has fallen to 70% from 80%"))
  }

  @Test func aLossWithinItsErrorIsNone() throws {
    let detector = try Watched("forgetting:items=64")
    // The standard error of 0.5 is 6.25%.
    for accuracy in [0.5, 0.35, 0.4, 0.33] {
      #expect(try look(detector, [0.5, accuracy]) == .nothing)
    }
  }

  @Test func aWorstCaseThatStaysDownGoesBack() throws {
    let detector = try Watched("forgetting:items=10")
    let findings = try [0.6, 0.6, 0.3, 0.3, 0.3].map { try look(detector, [0.6, $0]) }
    #expect(findings[..<4].allSatisfy { $0.action.kind <= .warn })
    #expect(findings[4].action == .rollBack(factor: 0.5) && findings[4].isCritical)
  }
}
