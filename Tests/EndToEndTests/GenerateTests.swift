import Foundation
import JSON
import Testing
import TestSupport

@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct GenerateTests {
  @Test(.enabled(if: Shared.isPresent, Shared.absence), arguments: [0, 1])
  func thePretrainedModelTellsItsStory(index: Int) throws {
    let golden = try JSON(
      contentsOf: Shared.url("golden/pretrained/stories260k_greedy.json"))[index]
    let budget = try golden["max_new_tokens"].requireInt()
    let arguments = [
      "generate", try golden["prompt"].requireString(), "--model",
      Shared.url("models/stories260k").path, "--temperature", "0", "--max-new-tokens", "\(budget)",
      "--threads", "1",
    ]
    let record = try JSON(parsing: Temper.succeed(arguments + ["--json"]).lastLine)
    let ids = try #require(golden["greedy_ids"].ints)
    #expect(record["ids"].ints == ids)
    // Streamed, the same text comes with a line's end behind it.
    let text = try record["text"].requireString()
    #expect(try Temper.succeed(arguments).output == text + "\n")
    #expect(
      try Temper.succeed(
        Array(arguments.dropFirst(2)).inserted("generate"), input: golden["prompt"].requireString()
      ).output == text + "\n")

    // Two stop strings, one of which is only ever begun.
    let stop = try #require(text.dropFirst(20).split(separator: " ").dropFirst(2).first)
    let stopped = try Temper.succeed(
      arguments + ["--stop", "\(stop)", "--stop", "\(text.prefix(3))#"])
    let expected = text[..<text.range(of: stop)!.lowerBound]
    #expect(stopped.output == expected + "\n")
    let json = try JSON(
      parsing: Temper.succeed(arguments + ["--stop", "\(stop)", "--json"]).lastLine)
    #expect(json["stop"].string == "stop_string")
    #expect(json["text"].string == String(expected))
  }

  @Test func aChatTemplateFramesThePrompt() throws {
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    try workshop.write(
      "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}={% endif %}",
      to: "model/chat_template.jinja")
    func ids(_ arguments: [String]) throws -> [Int] {
      let outcome = try Temper.succeed(
        ["generate", "--model", model, "--json", "--max-new-tokens", "9"] + arguments)
      return try #require(JSON(parsing: outcome.lastLine)["ids"].ints)
    }
    #expect(try ids(["1+2"]) == ids(["1+2=", "--raw"]))
    #expect(try ids(["1+2", "--system", "7"]) == ids(["71+2=", "--raw"]))
  }

  @Test func samplesAreSeededAndCounted() throws {
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    func lines(_ more: [String]) throws -> [Substring] {
      try Temper.succeed(
        ["generate", "1+1=", "--model", model, "--samples", "3", "--max-new-tokens", "6", "--json"]
          + more
      ).output.split(separator: "\n")
    }
    let first = try lines(["--seed", "4"])
    #expect(first.count == 3 && Set(first).count == 3)
    #expect(try lines(["--seed", "4", "--threads", "2"]) == first)
    #expect(try lines(["--seed", "5"]) != first)
  }

  @Test(arguments: [
    (["--samples", "0"], "--samples is 0"), (["--temperature", "-1"], "--temperature"),
    (["--top-p", "2"], "--top-p is 2"), (["--max-new-tokens", "0"], "--max-new-tokens is 0"),
    (["--dtype", "float64"], "--dtype is 'float64'"), (["--modle", "x"], "--modle"),
  ])
  func wrongUseIsTold(arguments: [String], message: String) throws {
    let outcome = try Temper.run(["generate", "1=", "--model", "nowhere"] + arguments)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func aMissingModelIsTold() throws {
    let outcome = try Temper.run(["generate", "1=", "--model", "nowhere"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("nowhere"))
  }

  @Test func initMakesTheSameModelForTheSameSeed() throws {
    let workshop = try Workshop()
    let files = try ["a", "b", "c"].enumerated().map { index, name in
      let folder = try workshop.makeModel(name, seed: index == 2 ? 9 : 3)
      return try Data(contentsOf: URL(filePath: folder + "/model.safetensors"))
    }
    #expect(files[0] == files[1] && files[0] != files[2])
    let taken = try Temper.run([
      "init", "--config", workshop.path("config.json"), "--tokenizer", Workshop.tokenizer,
      "--output", workshop.path("a"),
    ])
    #expect(taken.status == 2 && taken.errors.contains("there is a model in it"))
    try workshop.patch("config.json") { data in
      data = Data(
        String(decoding: data, as: UTF8.self).replacing(
          "\"vocab_size\": 20", with: "\"vocab_size\": 10"
        ).utf8)
    }
    let small = try Temper.run([
      "init", "--config", workshop.path("config.json"), "--tokenizer", Workshop.tokenizer,
      "--output", workshop.path("d"),
    ])
    #expect(small.status == 2 && small.errors.contains("it has 20 ids and the model only 10 rows"))
    let neither = try Temper.run(["init", "--tokenizer", Workshop.tokenizer, "--output", "x"])
    #expect(neither.status == 2 && neither.errors.contains("--config or --preset"))
  }

  @Test func dataIsAFunctionOfItsOptions() throws {
    func rows(_ arguments: String...) throws -> [Substring] {
      try Temper.succeed(["data", "arithmetic"] + arguments).output.split(separator: "\n")
    }
    let test = try rows("--count", "50", "--split", "test", "--seed", "1")
    #expect(test.count == 50 && Set(test).count == 50)
    #expect(try rows("--count", "50", "--split", "test", "--seed", "1") == test)
    #expect(try rows("--count", "50", "--split", "test", "--seed", "2") != test)
    func problems(_ rows: [Substring]) throws -> Set<String> {
      Set(try rows.map { try JSON(parsing: String($0))["problem"].requireString() })
    }
    let train = try problems(rows("--count", "2000", "--seed", "1"))
    #expect(try problems(test).isDisjoint(with: train))
    for (arguments, message) in [
      (["--count", "-1"], "--count"), (["--count", "5", "--split", "dev"], "train|test"),
      (["--count", "5", "--numbers", "1"], "2 to 12"),
      (["--count", "5", "--demonstrations", "--mix", "wild=1"], "wild"),
      (["--count", "100000000"], "at most"),
    ] {
      let outcome = try Temper.run(["data", "arithmetic"] + arguments)
      #expect(outcome.status == 2 && outcome.output == "")
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
  }
}

extension [String] {
  fileprivate func inserted(_ first: String) -> [String] { [first] + self }
}
