import JSON
import Testing

@testable import Models

/// Expected values are those of transformers 5.23, `modeling_rope_utils`, in float32.
struct FilesRopeTests {
  private func frequencies(
    _ scaling: Rope.Scaling, contextLength: Int = 64
  ) -> (frequencies: [Double], multiplier: Double) {
    Rope(theta: 10_000, maxPositions: 64, scaling: scaling)
      .frequencies(headDimension: 12, contextLength: contextLength)
  }

  private func expect(
    _ scaling: Rope.Scaling, contextLength: Int = 64, _ expected: [Double],
    multiplier: Double = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let result = frequencies(scaling, contextLength: contextLength)
    #expect(result.frequencies.count == expected.count, sourceLocation: sourceLocation)
    for (value, wanted) in zip(result.frequencies, expected) {
      #expect(abs(value / wanted - 1) < 1e-6, sourceLocation: sourceLocation)
    }
    #expect(abs(result.multiplier - multiplier) < 1e-12, sourceLocation: sourceLocation)
  }

  @Test func defaultFrequenciesFallByPowersOfTheBase() {
    expect(.default, [1, 0.2154435, 0.04641589, 0.01, 0.002154435, 0.0004641589])
  }

  @Test func linearScalingDividesEveryFrequency() {
    expect(
      .linear(factor: 4), [0.25, 0.05386087, 0.01160397, 0.0025, 0.0005386087, 0.0001160397])
  }

  @Test func dynamicScalingGrowsTheBaseBeyondTheTrainedLength() {
    let plain = frequencies(.default).frequencies
    #expect(frequencies(.dynamic(factor: 2), contextLength: 10).frequencies == plain)
    #expect(frequencies(.dynamic(factor: 2), contextLength: 64).frequencies == plain)
    expect(
      .dynamic(factor: 2), contextLength: 100,
      [1, 0.1852941, 0.03433389, 0.006361868, 0.001178816, 0.0002184278])
  }

  @Test func llama3ScalingStretchesLongWavesAndMixesTheMiddle() {
    let llama3 = Rope.Llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 32)
    expect(
      .llama3(llama3), [1, 0.03304105, 0.005801987, 0.00125, 0.0002693043, 5.801987e-05])
  }

  @Test func yarnRampsBetweenKeptAndDividedFrequencies() throws {
    let whole = try FilesFixture.configuration(
      .llama,
      [
        "rope_scaling": [
          "rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16,
        ]
      ])
    expect(
      whole.ropes[0].scaling, [1, 0.05386087, 0.01160397, 0.0025, 0.0005386087, 0.0001160397],
      multiplier: 1.138629436111989)

    let fine = try FilesFixture.configuration(
      .llama,
      [
        "rope_scaling": [
          "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
          "truncate": false, "beta_fast": 2.0, "beta_slow": 0.5, "mscale": 0.7,
          "mscale_all_dim": 0.3,
        ], "head_dim": 12,
      ])
    expect(
      fine.ropes[0].scaling, [1, 0.06467763, 0.01160397, 0.0025, 0.0005386087, 0.0001160397],
      multiplier: 1.0532376815143234)
  }

  @Test func yarnWithoutFactorTakesTheRatioOfLengths() throws {
    let configuration = try FilesFixture.configuration(
      .llama,
      [
        "rope_parameters": [
          "rope_type": "yarn", "factor": nil, "original_max_position_embeddings": 16,
          "attention_factor": 1.5, "beta_fast": 2, "beta_slow": 0.5, "rope_theta": 10000,
        ], "head_dim": 12,
      ])
    expect(
      configuration.ropes[0].scaling,
      [1, 0.1346522, 0.01160397, 0.0025, 0.0005386087, 0.0001160397], multiplier: 1.5)
  }

  @Test func aRotationThatNoPositionSurvivesIsRefused() {
    let broken: [KeyValuePairs<String, JSONLiteral?>] = [
      ["rope_theta": 1e-300],
      ["rope_scaling": ["type": "linear", "factor": 1e-300]],
      ["rope_scaling": ["rope_type": "dynamic", "factor": 1e300]],
    ]
    for changes in broken {
      #expect(throws: ModelFileError.self) { try FilesFixture.configuration(.llama, changes) }
    }
  }
}
