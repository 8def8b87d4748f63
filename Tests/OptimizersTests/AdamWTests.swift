import Tensors
import Testing

@testable import Optimizers

/// A matrix, an embedding and a vector, with gradients that differ from step to step.
private func model() -> [ParameterSlot] {
  let shapes: [(name: String, shape: [Int])] = [
    ("layers.0.mlp.up_proj.weight", [3, 5]), ("embed_tokens.weight", [7, 2]), ("norm.weight", [5]),
  ]
  return shapes.map { name, shape in
    let count = shape.reduce(1, *)
    return ParameterSlot(
      name: name, shape: shape, value: Storage((0..<count).map { Float($0) * 0.1 - 0.4 }),
      gradient: Storage(count), decays: !name.hasPrefix("embed"))
  }
}

private func setGradients(_ slots: [ParameterSlot], step: Int) {
  let random = CounterRandom(seed: 3, purpose: .check)
  for (s, slot) in slots.enumerated() {
    for i in 0..<slot.gradient.count { slot.gradient[i] = Float(random.normal(step, s, i)) }
  }
}

private func values(_ slots: [ParameterSlot]) -> [[UInt32]] {
  slots.map { $0.value.array.map(\.bitPattern) }
}

@Test func theFirstStepMovesEveryWeightByTheRateAgainstItsGradient() {
  let slots = model()
  setGradients(slots, step: 1)
  let before = slots.map(\.value.array)
  AdamW(slots, configuration: .init(weightDecay: 0)).update(learningRate: 0.01)
  for (slot, before) in zip(slots, before) {
    for i in before.indices {
      let expected = before[i] - 0.01 * (slot.gradient[i] > 0 ? 1 : -1)
      #expect(abs(slot.value[i] - expected) < 1e-6, "\(slot.name)[\(i)]")
    }
  }
}

@Test func onlyMatricesThatAreNoEmbeddingsDecay() {
  let slots = model()
  let before = slots.map(\.value.array)
  AdamW(slots, configuration: .init(weightDecay: 0.5)).update(learningRate: 0.1)
  #expect(zip(slots[0].value.array, before[0]).allSatisfy { abs($0 - $1 * 0.95) < 1e-7 })
  #expect(slots[1].value.array == before[1])
  #expect(slots[2].value.array == before[2])
}

@Test func savedAndRestoredItContinuesToTheSameBits() throws {
  let whole = model()
  let uninterrupted = AdamW(whole)
  for step in 1...6 {
    setGradients(whole, step: step)
    uninterrupted.update(learningRate: 0.003)
  }

  let first = model()
  let before = AdamW(first)
  for step in 1...3 {
    setGradients(first, step: step)
    before.update(learningRate: 0.003)
  }
  let saved = Dictionary(uniqueKeysWithValues: before.state.map { ($0.name, $0.values.copy()) })
  let second = model()
  for (slot, old) in zip(second, first) {
    for i in 0..<slot.value.count { slot.value[i] = old.value[i] }
  }
  let after = AdamW(second)
  try after.restore(step: before.step, state: saved)
  for step in 4...6 {
    setGradients(second, step: step)
    after.update(learningRate: 0.003)
  }
  #expect(values(second) == values(whole))
  #expect(after.step == 6)
}

@Test func aStateOfAnotherModelIsRefusedAndChangesNothing() {
  let slots = model()
  let optimizer = AdamW(slots)
  setGradients(slots, step: 1)
  optimizer.update(learningRate: 0.1)
  let before = optimizer.state.map(\.values.array)
  var saved = Dictionary(
    uniqueKeysWithValues: optimizer.state.map { ($0.name, Storage<Float>($0.values.count)) })
  saved["norm.weight.v"] = Storage(4)
  #expect(throws: OptimizerError.state(name: "norm.weight.v", expected: 5, found: 4)) {
    try optimizer.restore(step: 9, state: saved)
  }
  saved["norm.weight.v"] = nil
  #expect(throws: OptimizerError.state(name: "norm.weight.v", expected: 5, found: nil)) {
    try optimizer.restore(step: 9, state: saved)
  }
  #expect(optimizer.step == 1)
  #expect(optimizer.state.map(\.values.array) == before)
}

@Test func aGradientThatIsNoNumberIsNamedAndNothingMoves() {
  let slots = model()
  let optimizer = AdamW(slots)
  setGradients(slots, step: 1)
  slots[1].gradient[9] = .infinity
  let before = values(slots)
  let expected = OptimizerError.nonFiniteGradient(
    name: "embed_tokens.weight", shape: [7, 2], index: 9, value: .infinity)
  #expect(throws: expected) { try GradientNorm(of: slots) }
  #expect(expected.description.contains("[4, 1]"))
  #expect(values(slots) == before && optimizer.step == 0)
  #expect(optimizer.state.allSatisfy { $0.values.array.allSatisfy { $0 == 0 } })
}

@Test func theNormIsOverAllTensorsAndClips() throws {
  let slots = model()
  for slot in slots { slot.gradient.zero() }
  slots[0].gradient[14] = 3
  slots[2].gradient[4] = -4
  let norm = try GradientNorm(of: slots)
  #expect(norm.value == 5)
  #expect(norm.scale(limit: 1) == 1 / 5.000001)
  #expect(norm.scale(limit: 7) == 1)
  #expect(norm.scale(limit: nil) == 1)
}

@Test func theLargestFloatsHaveAFiniteNorm() throws {
  let slots = model()
  for slot in slots {
    for i in 0..<slot.gradient.count { slot.gradient[i] = .greatestFiniteMagnitude }
  }
  #expect(try GradientNorm(of: slots).value.isFinite)
}

@Test func scaledGradientsMoveAsGradientsThatWereSmaller() {
  let (a, b) = (model(), model())
  setGradients(a, step: 1)
  setGradients(b, step: 1)
  for slot in b { for i in 0..<slot.gradient.count { slot.gradient[i] *= 0.25 } }
  AdamW(a).update(learningRate: 0.01, gradientScale: 0.25)
  AdamW(b).update(learningRate: 0.01)
  #expect(values(a) == values(b))
}

@Test func floatFollowsTheDoubleTwin() {
  let slots = model()
  let configuration = AdamW.Configuration(beta2: 0.95, weightDecay: 0.1)
  let optimizer = AdamW(slots, configuration: configuration)
  var value = slots[0].value.array.map(Double.init)
  var first = [Double](repeating: 0, count: 15)
  var second = first
  for step in 1...20 {
    setGradients(slots, step: step)
    optimizer.update(learningRate: 0.01)
    let rule = AdamWRule<Double>(configuration, learningRate: 0.01, decays: true, step: step)
    rule.apply(
      to: &value, first: &first, second: &second,
      gradient: slots[0].gradient.array.map(Double.init))
  }
  for (float, double) in zip(slots[0].value.array, value) {
    #expect(abs(Double(float) - double) < 2e-6)  // 20 roundings of a number below 2
  }
}

@Test func weightsThatRanAwayAreNamed() throws {
  let slots = model()
  let optimizer = AdamW(slots)
  try optimizer.requireFiniteWeights()
  slots[1].value[3] = -.infinity
  #expect(
    throws: OptimizerError.nonFiniteWeight(
      name: "embed_tokens.weight", shape: [7, 2], index: 3, value: -.infinity)
  ) { try optimizer.requireFiniteWeights() }
}
