import Foundation
import JSON
import TestSupport
import Testing

@testable import WeightChanges

/// Numbers that are the same every time.
private func noise(_ count: Int, seed: Int = 1) -> [Float] {
  var state = UInt64(seed)
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int64(bitPattern: state) >> 33) / Float(1 << 30)
  }
}

@Test func nothingChangedIsZeroThroughout() {
  let weights = noise(24 * 16)
  let change = MatrixChange("w", shape: [24, 16], before: weights, after: weights)
  #expect(change.relativeNorm == 0 && change.largest == 0)
  #expect(change.sparsity == 1 && change.sameInBFloat16 == 1)
  let spectrum = change.spectrum
  #expect(spectrum?.normalisedShift == 0 && spectrum?.stableRank == 0)
  #expect(spectrum?.leftAngle.largest == 0 && spectrum?.rightAngle.largest == 0)
}

@Test(arguments: [(24, 16), (16, 24), (12, 12)])
func aLargerMatrixShiftsItsSpectrumAndTurnsNothing(rows: Int, columns: Int) {
  let weights = noise(rows * columns)
  let larger = weights.map { $0 * 1.01 }
  let change = MatrixChange("w", shape: [rows, columns], before: weights, after: larger)
  #expect(abs(change.relativeNorm - 0.01) < 1e-6)
  #expect(abs(change.spectrum!.normalisedShift - 0.01) < 1e-6)
  #expect(change.spectrum!.leftAngle.largest < 1e-3)
  #expect(change.spectrum!.rightAngle.largest < 1e-3)
}

@Test func aTurnOfTheLeadingPlaneIsSeenByItsAngle() {
  // Singular values 9, 8, ... 1 along the axes; the space of the leading 8 turns towards the ninth.
  let size = 9
  let angle = 3.0 * .pi / 180
  var (before, after) = ([Float](repeating: 0, count: 81), [Float](repeating: 0, count: 81))
  for i in 0..<size { before[i * size + i] = Float(size - i) }
  after = before
  // Rotates rows 8 and 9: W+ = R W0.
  after[7 * size + 7] = Float(2 * cos(angle))
  after[8 * size + 7] = Float(2 * sin(angle))
  after[7 * size + 8] = Float(-1 * sin(angle))
  after[8 * size + 8] = Float(1 * cos(angle))
  let spectrum = MatrixChange("w", shape: [9, 9], before: before, after: after).spectrum!
  #expect(spectrum.subspace == 8)
  #expect(abs(spectrum.leftAngle.largest - 3) < 1e-4)
  #expect(abs(spectrum.leftAngle.mean - 3.0 / 8) < 1e-4)
  #expect(spectrum.rightAngle.largest < 1e-4)
  #expect(spectrum.normalisedShift < 1e-6)
}

@Test func anUpdateOfOneDirectionHasAStableRankOfOne() {
  let weights = noise(20 * 10)
  let (u, v) = (noise(20, seed: 2), noise(10, seed: 3))
  var after = weights
  for row in 0..<20 {
    for column in 0..<10 { after[row * 10 + column] += 0.1 * u[row] * v[column] }
  }
  let spectrum = MatrixChange("w", shape: [20, 10], before: weights, after: after).spectrum!
  #expect(abs(spectrum.stableRank - 1) < 1e-3)
}

@Test func sparsityCountsWhatBFloat16HardlySees() {
  let before: [Float] = [1, 1, 1, 1]
  // 2^-9 is half of the last place of bfloat16 at 1: 1.0005 rounds back, 1.004 does not.
  let after: [Float] = [1, 1.0005, 1.004, 2]
  let change = MatrixChange("w", shape: [4], before: before, after: after)
  #expect(change.sparsity == 0.5 && change.sameInBFloat16 == 0.5)
  #expect(change.largest == 1 && change.spectrum == nil)
}

@Test func singularValuesAreThoseOfAKnownMatrix() {
  // [[3, 0], [4, 5]] has singular values sqrt(45) and sqrt(5).
  let spectrum = Spectrum([3, 0, 4, 5], rows: 2, columns: 2, vectors: 2)
  #expect(abs(spectrum.values[0] - 45.0.squareRoot()) < 1e-12)
  #expect(abs(spectrum.values[1] - 5.0.squareRoot()) < 1e-12)
  // u1 = (1, 3)/sqrt(10), v1 = (1, 1)/sqrt(2), up to a common sign.
  let left = spectrum.left[..<2].map { abs($0) }
  #expect(abs(left[0] - 1 / 10.0.squareRoot()) < 1e-12)
  #expect(abs(left[1] - 3 / 10.0.squareRoot()) < 1e-12)
}

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func theGeometryIsThatOfTheReference() throws {
  let golden = try JSON(contentsOf: Shared.url("golden/optim_detectors/detectors.json"))[
    "a9_geometry"]
  let shape = try #require(golden["shape"].ints)
  let before = try #require(golden["W0"].doubles).map(Float.init)
  let after = try #require(golden["W1"].doubles).map(Float.init)
  let k = try golden["k"].requireInt()
  let change = MatrixChange("w", shape: shape, before: before, after: after)
  let spectrum = SpectralChange(
    before, after, rows: shape[0], columns: shape[1], isSame: false, subspace: k)
  func near(_ value: Double, _ key: String) throws {
    let expected = try golden[key].requireDouble()
    // The reference is in double, the weights here in float: 6e-8 of 1 against updates of 1e-3.
    #expect(abs(value - expected) < 2e-4 * max(abs(expected), 1e-3), "\(key)")
  }
  try near(change.sparsity, "sparsity")
  try near(spectrum.normalisedShift, "nss")
  try near(spectrum.stableRank, "stable_rank_dW")
  try near(spectrum.offPrincipalEnergy, "off_principal_energy")
  for (angle, key) in [(spectrum.leftAngle, "angles_deg_U"), (spectrum.rightAngle, "angles_deg_V")]
  {
    let degrees = try #require(golden[key].doubles)
    #expect(abs(angle.largest - degrees.max()!) < 1e-3)
    #expect(abs(angle.mean - degrees.reduce(0, +) / Double(k)) < 1e-3)
  }
  let changed = try golden["bf16_changed"].requireInt()
  #expect(abs(change.sameInBFloat16 * Double(before.count) - Double(before.count - changed)) < 1e-9)
}
