import Foundation
import JSON
import Testing

/// Reward moves the model, and every figure says what happened.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct GRPOLearningTests {
  /// A verifier in a shared library: the whole completion has to be the row's answer.
  static let same = "exact:extract=whole,compare=string"

  @Test func aTinyModelLearnsAToyTaskThroughASharedLibrary() throws {
    let workshop = try Workshop()
    let arguments = try workshop.grpo("run", steps: 80)
    let settings: [String: String] = [
      "--verifier": Self.same, "--max-new-tokens": "1", "--prompts": "8", "--group-size": "16",
      "--save-every": "80",
    ]
    try Temper.succeed(replacing(arguments, settings))
    let run = workshop.run("run")
    let rewards = try run.metric("reward/mean")
    #expect(rewards.prefix(5).reduce(0, +) / 5 < 0.2)
    #expect(rewards.suffix(5).reduce(0, +) / 5 > 0.8)
    #expect(try run.metric("policy/forward_gap").allSatisfy { $0 == 0 })

    func report(_ model: String, _ name: String, _ more: [String] = []) throws -> Temper.Outcome {
      try Temper.run(
        [
          "eval", "--model", model, "--data", workshop.path("problems.jsonl"), "--verifier",
          Self.same, "--max-new-tokens", "1", "--samples", "4", "--report", workshop.path(name),
          "--json", "--threads", "1",
        ] + more)
    }
    let before = try report(workshop.path("model"), "before.json")
    #expect(before.status == 0)
    let after = try report(
      workshop.path("run/checkpoints/latest/model"), "after.json",
      ["--against", workshop.path("before.json"), "--must-improve"])
    #expect(after.status == 0, "\(after.errors)")
    let json = try JSON(parsing: after.lastLine)
    #expect(try json["greedy"]["value"].requireDouble() >= 0.75)
    #expect(try json["comparison"]["greedy accuracy"]["before"].requireDouble() <= 0.3)

    // The other way round it got worse, and the exit status says so.
    let backwards = try report(
      workshop.path("model"), "again.json",
      ["--against", workshop.path("after.json"), "--must-improve"])
    #expect(backwards.status == 1)
    #expect(backwards.errors.contains("did not improve"))
  }

  @Test func tiedGroupsSaySoAndChangeNoWeight() throws {
    let workshop = try Workshop()
    try Temper.succeed(
      replacing(workshop.grpo("run", steps: 2), ["--verifier": "regex:pattern=(?!)never"]))
    let run = workshop.run("run")
    #expect(try run.metric("reward/tied") == [1, 1])
    #expect(try run.metric("optimizer/skipped_tied") == [1, 1])
    #expect(try run.metric("optimizer/grad_norm") == [])
    let trained = try run.tensors("checkpoints/latest/model/model.safetensors")
    let start = try workshop.run("model").tensors("model.safetensors")
    #expect(trained == start && !start.isEmpty)
    #expect(
      try run.tensors("checkpoints/latest/optimizer.safetensors").values.allSatisfy {
        $0.allSatisfy { $0 == 0 }
      })
  }

  @Test func severalUpdatesOfARolloutMoveTheRatio() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("one", steps: 3))
    try Temper.succeed(
      workshop.grpo("four", steps: 3, ["--epochs", "2", "--updates.minibatches", "2"]))
    let (one, four) = (workshop.run("one"), workshop.run("four"))
    #expect(try one.metric("policy/max_log_ratio") == [0, 0, 0])
    #expect(try one.metric("policy/clip_fraction_high") == [0, 0, 0])
    #expect(try one.metric("policy/forward_gap") == [0, 0, 0])
    #expect(try four.metric("policy/max_log_ratio").allSatisfy { $0 > 0 })
    #expect(try four.metric("policy/forward_gap") == [0, 0, 0])
    let state = try JSON(parsing: four.text("checkpoints/latest/state.json"))
    #expect(state["updates"].int == 12)
    // Every token is trained on in each epoch.
    let (tokens, trained) = (try four.metric("rollout/tokens"), try four.metric("policy/tokens"))
    #expect(zip(tokens, trained).allSatisfy { 2 * $0 == $1 })
  }

  @Test func aNarrowClipHoldsTokensOfLaterUpdates() throws {
    let workshop = try Workshop()
    let clip = ["--clip-low", "0.001", "--clip-high", "0.002", "--objective.dual-clip", "1.01"]
    try Temper.succeed(workshop.grpo("run", steps: 2, ["--epochs", "4"] + clip))
    let run = workshop.run("run")
    #expect(try run.metric("policy/clip_fraction_high").allSatisfy { $0 > 0 })
    #expect(try run.metric("policy/clip_fraction_low").allSatisfy { $0 > 0 })
    #expect(try run.metric("policy/dual_clip_fraction").allSatisfy { $0 > 0 })
  }

  @Test(arguments: ["k1", "k2", "k3", "abs", "k1+", "k3+"])
  func theDivergenceFromTheReferenceIsMeasured(estimator: String) throws {
    let workshop = try Workshop()
    try Temper.succeed(
      workshop.grpo("run", steps: 3, ["--kl", "0.1", "--objective.kl-estimator", estimator]))
    let divergence = try workshop.run("run").metric("policy/kl_reference")
    #expect(divergence.count == 3)
    // The reference is the model as it starts, to the bit.
    #expect(divergence.first == 0)
    if estimator != "k1" && estimator != "k1+" {
      #expect(divergence.dropFirst().allSatisfy { $0 > 0 })
    }
    try Temper.succeed(workshop.grpo("free", steps: 3))
    #expect(try workshop.run("free").metric("policy/kl_reference") == [])
    let model = "checkpoints/latest/model/model.safetensors"
    #expect(try workshop.run("free").tensors(model) != workshop.run("run").tensors(model))
  }

  @Test func theControllerMovesTheCoefficientAndIsKept() throws {
    let workshop = try Workshop()
    try Temper.succeed(
      workshop.grpo(
        "run", steps: 4,
        ["--kl", "0.01", "--objective.kl-target", "10", "--objective.kl-horizon", "100"]))
    let state = try JSON(
      parsing: workshop.run("run").text("checkpoints/latest/state.json"))["trainer"]
    // Far below its target: each of four updates of 16 sequences takes a fifth of 16% off.
    let coefficient = try state["kl_coefficient"].requireDouble()
    var expected = 0.01
    for _ in 0..<4 { expected *= 1 - 0.2 * 16 / 100 }
    #expect(abs(coefficient - expected) < 1e-15)
  }

  @Test func dapoSamplesAgainInPlaceOfTiesAndPenalisesLength() throws {
    let workshop = try Workshop()
    // Four in five completions of two tokens never hold a small digit: many groups tie.
    let rare = ["--verifier": "regex:pattern=^7", "--max-new-tokens": "4"]
    let dapo = ["--preset", "dapo", "--rollout.max-rounds", "200", "--reward.overlong-buffer", "2"]
    try Temper.succeed(replacing(workshop.grpo("dapo", steps: 2, dapo), rare))
    try Temper.succeed(replacing(workshop.grpo("plain", steps: 2), rare))
    let (dynamic, plain) = (workshop.run("dapo"), workshop.run("plain"))
    #expect(try plain.metric("reward/tied").allSatisfy { $0 > 0 })
    #expect(try plain.metric("rollout/groups_sampled") == [4, 4])
    #expect(try dynamic.metric("reward/tied") == [0, 0])
    let sampled = try dynamic.metric("rollout/groups_sampled")
    #expect(sampled.allSatisfy { $0 > 4 })
    // Verdicts are counted over all rounds.
    let judged = try zip(dynamic.metric("verifier/right"), dynamic.metric("verifier/wrong"))
      .map { $0 + $1 }
    let unparsable = try dynamic.metric("verifier/unparsable")
    #expect(zip(judged, unparsable).map { $0 + $1 } == sampled.map { $0 * 4 })
    // The penalty is in the rewards: a completion cut at its limit loses the whole factor.
    let cut = try dynamic.text("rollouts/step-000001.jsonl").split(separator: "\n")
      .map { try JSON(parsing: String($0)) }.filter { $0["stop"].string == "length" }
    #expect(!cut.isEmpty)
    for row in cut {
      let right = row["verdict"].string == "right" ? 1.0 : 0
      #expect(row["reward"].double == right - 1)
    }

    let hopeless = ["--verifier": "regex:pattern=(?!)never"]
    let given = try Temper.run(
      replacing(
        workshop.grpo("hopeless", steps: 2, ["--preset", "dapo", "--rollout.max-rounds", "3"]),
        hopeless))
    #expect(given.status == 1)
    #expect(given.errors.contains("3 rounds of sampling gave 0 groups whose rewards differ"))
  }

  @Test func drGRPODividesByConstantsAlone() throws {
    let workshop = try Workshop()
    try Temper.succeed(
      workshop.grpo("run", steps: 1, ["--preset", "dr_grpo", "--run.log-columns"]))
    let run = workshop.run("run")
    let config = try run.text("config.yaml")
    #expect(config.contains("aggregation: \"seq-mean-sum-norm\""))
    #expect(config.contains("advantages: \"centered\""))
    let rows = try run.text("rollouts/step-000001.jsonl").split(separator: "\n")
      .map { try JSON(parsing: String($0)) }
    #expect(rows.count == 16)
    for group in stride(from: 0, to: 16, by: 4) {
      let rewards = try rows[group..<group + 4].map { try $0["reward"].requireDouble() }
      let mean = rewards.reduce(0, +) / 4
      for (row, reward) in zip(rows[group..<group + 4], rewards) {
        #expect(abs(try row["advantage"].requireDouble() - (reward - mean)) < 1e-6)
      }
      #expect(rows[group]["old_logprobs"].doubles?.count == rows[group]["ids"].ints?.count)
    }
  }

  @Test func samplesThatTheVerifierFailsOnLeaveTheLoss() throws {
    let workshop = try Workshop()
    // Half of the rows have a gold answer that is no number, which is not the completion's fault.
    let rows = (1...8).map { #"{"problem": "\#($0)=", "answer": "\#($0 % 2 == 0 ? "?" : "3")"}"# }
    let data = try workshop.write(rows.joined(separator: "\n"), to: "broken.jsonl")
    try Temper.succeed(
      replacing(
        workshop.grpo("run", steps: 1, ["--run.log-columns"]),
        ["--data": data, "--verifier": "numeric", "--prompts": "8"]))
    let run = workshop.run("run")
    #expect(try run.metric("verifier/failed") == [16])
    let samples = try run.text("rollouts/step-000001.jsonl").split(separator: "\n")
      .map { try JSON(parsing: String($0)) }
    let failed = samples.filter { $0["verdict"].string == "failed" }
    #expect(failed.count == 16 && samples.count == 32)
    for sample in failed {
      #expect(sample["reward"].isNull)
      #expect(sample["advantage"].double == 0)
      #expect(sample["mask"].ints?.allSatisfy { $0 == 0 } == true)
      #expect(sample["reason"].string?.contains("'?' is not a number") == true)
    }
    let trained = samples.filter { $0["verdict"].string != "failed" }
      .reduce(0) { $0 + ($1["ids"].ints?.count ?? 0) }
    #expect(try run.metric("policy/tokens") == [Double(trained)])
  }
}

/// A command line with the values of some options changed.
func replacing(_ arguments: [String], _ values: [String: String]) -> [String] {
  var arguments = arguments
  for (option, value) in values { arguments[arguments.firstIndex(of: option)! + 1] = value }
  return arguments
}
