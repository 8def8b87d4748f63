import Foundation
import Testing

/// What costs memory decides no result.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct MicroBatchTests {
  @Test(arguments: ["1", "60", "300", "100000"])
  func microBatchesChangeTheGradientByRoundingAlone(tokens: String) throws {
    let workshop = try Workshop()
    let settings = ["--kl", "0.1", "--objective.aggregation", "seq-mean-token-mean"]
    try Temper.succeed(workshop.grpo("whole", steps: 1, settings))
    try Temper.succeed(
      workshop.grpo("parts", steps: 1, settings + ["--micro-batch-tokens", tokens]))
    let (whole, parts) = (workshop.run("whole"), workshop.run("parts"))
    // After one update AdamW's first moment is a tenth of the gradient.
    let moments = "checkpoints/latest/optimizer.safetensors"
    let (a, b) = (try whole.tensors(moments), try parts.tensors(moments))
    #expect(a.keys.sorted() == b.keys.sorted())
    for (name, first) in a where name.hasSuffix(".m") {
      let norm = first.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let error = zip(first, b[name]!).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
        .squareRoot()
      #expect(norm > 0)
      #expect(error <= 1e-5 * norm, "\(name): \(error / norm)")
    }
    #expect(
      try whole.text("rollouts/step-000001.jsonl") == parts.text("rollouts/step-000001.jsonl"))
    let (x, y) = (try whole.metrics()[0], try parts.metrics()[0])
    func isOfTheGradient(_ name: String) -> Bool {
      name == "optimizer/grad_norm" || name.hasPrefix("gradient-spike/")
    }
    for (name, value) in x where !isOfTheGradient(name) {
      #expect(y[name] == value, "\(name)")
    }
  }

  @Test func recomputationGivesTheSameBits() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("kept", steps: 3))
    try Temper.succeed(workshop.grpo("again", steps: 3, ["--recompute"]))
    try expectSame(workshop.run("kept"), workshop.run("again"))
  }

  @Test func threadsAndTheSamplersBatchGiveTheSameBits() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("one", steps: 3))
    let other = replacing(try workshop.grpo("two", steps: 3), ["--threads": "2"])
    try Temper.succeed(
      other + ["--rollout.batch", "3", "--rollout.prefill-tokens", "2", "--rollout.cache-mib", "1"])
    try expectSame(workshop.run("one"), workshop.run("two"))
  }
}
