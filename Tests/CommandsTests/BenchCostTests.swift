import Models
import Testing

@testable import Commands

private func configuration(_ preset: ModelConfiguration.Preset) throws -> ModelConfiguration {
  try ModelConfiguration(preset.shape)
}

@Test func productsAreTheWeightsOfTheLinearLayers() throws {
  let c = try configuration(.smolLM2135M)
  // 30 (2 576^2 + 2 576 192 + 3 576 1536), and 576 49152
  #expect(c.blockProducts == 106_168_320)
  #expect(c.headProducts == 28_311_552)
}

@Test func trainingCostsThreeForwardPasses() throws {
  let c = try configuration(.smolLM2135M)
  let cost = BenchCost(BenchTask(work: .train, batch: 2, tokens: 3), c, weightBytes: 4)
  // Positions 0, 1, 2 see 1, 2, 3 keys; 30 layers of 576 channels, twice.
  let attention = Double(2 * 2 * 30 * 576 * (1 + 2 + 3))
  #expect(cost.operations == 6 * (6 * 134_479_872 + attention))
}

@Test func generationReadsTheWeightsOnceAToken() throws {
  let c = try configuration(.llama15M)
  let task = BenchTask(work: .generate, batch: 1, tokens: 0, promptTokens: 2, newTokens: 3)
  let cost = BenchCost(task, c, weightBytes: 4)
  let weights = c.blockProducts + c.headProducts
  // The prompt, then positions 2 and 3; those read 3 and 4 keys and values of 288 channels.
  #expect(cost.bytes == 4 * 3 * weights + 4 * Double(2 * 6 * 288 * (3 + 4)))
}

@Test func theCeilingIsTheLargerOfTheTwoTimes() {
  let c = BenchCost(operations: 100, bytes: 10)
  #expect(c.seconds(operationsPerSecond: 50, bytesPerSecond: 1) == 10)
  #expect(c.seconds(operationsPerSecond: 5, bytesPerSecond: 1) == 20)
}

@Test func aFigureIsTheMedianOfItsTurns() {
  #expect(Figure([3, 1, 2]) == Figure([2, 3, 1]))
  #expect(Figure([3, 1, 2]).text("%.0f") == "2 (1 to 3)")
  #expect(Figure([4, 1]).median == 2.5)
}
