import Foundation
import JSON
import Testing

/// Numbers that are not finite never reach the weights.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct NonFiniteTests {
  @Test func weightsThatAreNoNumbersAreNotLoaded() throws {
    let workshop = try Workshop()
    let arguments = try workshop.grpo("run")
    // The last tensor's last weight.
    try workshop.patch("model/model.safetensors") { data in
      data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
    }
    let outcome = try Temper.run(arguments)
    #expect(outcome.status == 1)
    #expect(
      outcome.errors == """
        temper: model.safetensors: tensor model.norm.weight holds nan at [15]; the weights are \
        damaged: get them anew

        """)
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
  }

  @Test func aStepThatFlewApartLeavesWeightsAndMomentsToTheBit() throws {
    let workshop = try Workshop()
    let outcome = try Temper.run(
      replacing(
        workshop.grpo("run", steps: 40, ["--optimizer.clip-norm", "none"]),
        ["--lr": "1e30", "--save-every": "1"]))
    #expect(outcome.status == 1)
    let run = workshop.run("run")
    let refused = run.names("failures").compactMap { Int($0.dropFirst(5).dropLast(5)) }.sorted()
    let (first, last) = (try #require(refused.first), try #require(refused.last))
    #expect(refused.suffix(3) == [last - 2, last - 1, last])
    #expect(outcome.errors.contains("step \(last) is refused"))
    // The last good update, and the checkpoints after refused steps.
    func content(_ step: Int) throws -> [Data] {
      let digits = String(step)
      let name = "step-" + String(repeating: "0", count: 6 - digits.count) + digits
      return try ["model/model.safetensors", "optimizer.safetensors"].map {
        try Data(contentsOf: run.folder.appending(path: "checkpoints/\(name)/\($0)"))
      }
    }
    #expect(first > 1)
    #expect(try content(last - 3) == content(last - 2))
    #expect(try content(last - 2) == content(last - 1))
    #expect(outcome.errors.contains("go on with: temper grpo --resume"))
    #expect(try run.metric("optimizer/refused").count == refused.count)
    // What the step was about to learn from is there to be looked at.
    let kept = try JSON(parsing: run.text("failures/step-\(last).json"))
    #expect(kept["step"].int == last)
    #expect(try outcome.errors.contains(kept["reason"].requireString()))
    #expect(kept["sequences"].array?.count == 16)
    #expect(kept["sequences"][0]["ids"].ints?.isEmpty == false)
  }

  @Test func supervisedStepsAreRefusedToo() throws {
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    let data = try workshop.write(#"{"prompt": "1=", "completion": "2"}"# + "\n", to: "rows.jsonl")
    let outcome = try Temper.run([
      "sft", "--model", model, "--data", data, "--runs", workshop.folder.path, "--name", "run",
      "--steps", "40", "--examples", "1", "--threads", "1", "--lr", "1e30",
      "--optimizer.clip-norm", "none",
    ])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("is refused"), "\(outcome.errors)")
    #expect(workshop.run("run").names("failures").count >= 3)
  }
}
