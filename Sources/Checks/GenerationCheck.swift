import Foundation
import JSON
import Kernels
import Models
import Rollouts
import Tensors
import Tokenizers
import Trajectories

/// `temper check generation`: greedy continuations, or gradients, of a real model.
///
/// - Parameters:
///   - path: `<name>_greedy.json`, a list of prompts with what follows; or `<name>_grads.json`.
///   - model: the model's folder; entries that name another one are skipped.
/// - Throws: ``CheckError`` where `path` is of neither form.
public func checkGeneration(path: URL, model: URL) throws -> CheckReport {
  let json = try JSON(contentsOf: path)
  let folder = try ModelFolder(model)
  let isGradients = json.has("grads")
  guard isGradients || json.kind == .array else {
    throw CheckError(
      "\(path.lastPathComponent) is neither a list of prompts nor an object with 'grads'")
  }
  let transformer = try Transformer(folder, trainable: isGradients)
  var report = CheckReport(what: "generation")
  if isGradients {
    try compareGradients(json, transformer, &report)
  } else {
    let tokenizer = try Tokenizer(folder: model)
    transformer.allowedIds = min(tokenizer.size, folder.configuration.vocabularySize)
    for (index, prompt) in try json.requireArray().enumerated() {
      let check = GreedyCheck(
        json: prompt, model: transformer, tokenizer: tokenizer,
        endTokens: Set(folder.generation.endTokenIDs.map(Int32.init)))
      let name = "\(index): \(prompt["prompt"].string ?? "")"
      if let other = prompt["model"].string, other != model.lastPathComponent {
        report.skip(name, why: "it is of another model, '\(other)'")
      } else {
        try check.run(name, &report)
      }
    }
  }
  return report
}

private let logitTolerance = 2e-4
private let logprobTolerance = 1e-4
private let gradientTolerance = 1e-3

/// One prompt with its greedy continuation.
private struct GreedyCheck {
  let json: JSON
  let model: Transformer
  let tokenizer: Tokenizer
  let endTokens: Set<Int32>

  func run(_ name: String, _ report: inout CheckReport) throws {
    var worst = WorstError()
    let promptIds = tokenizer.encode(try json["prompt"].requireString(), addSpecialTokens: true)
    guard let expectedPrompt = json["prompt_ids"].ints, let expectedIds = json["greedy_ids"].ints
    else { throw CheckError("\(json.path) needs 'prompt_ids' and 'greedy_ids'") }
    if promptIds.map(Int.init) != expectedPrompt {
      worst.fail("prompt ids are \(promptIds), expected \(expectedPrompt)")
    }
    let trajectory = try sample(expectedPrompt.map(Int32.init))
    if trajectory.tokens.map(Int.init) != expectedIds {
      let index = zip(trajectory.tokens, expectedIds).enumerated().first { Int($0.1.0) != $0.1.1 }
      worst.fail(
        "greedy ids differ from token \(index?.offset ?? trajectory.tokens.count) of "
          + "\(expectedIds.count) on")
    }
    if let stop = json["stop"].string {
      let found = trajectory.stop == .endToken ? "eos" : "length"
      if found != stop { worst.fail("it stops for '\(found)', expected '\(stop)'") }
    }
    compare(trajectory.oldLogprobs, "greedy_logprobs", &worst)
    compare(trajectory.entropies, "greedy_entropies", &worst)
    try compareSequence(expectedPrompt.map(Int32.init) + expectedIds.map(Int32.init), &worst)
    report.count(name, worst)
  }

  private func sample(_ prompt: [Int32]) throws -> Trajectory {
    let engine = RolloutEngine(model: model, tokenizer: tokenizer)
    var settings = SamplingSettings()
    settings.temperature = 0
    settings.maximumNewTokens = json["max_new_tokens"].int ?? 200
    settings.endTokens = endTokens
    let prompt = Prompt(id: "check", index: 0, tokens: prompt, text: "", row: "{}")
    return try engine.sample([prompt], samples: 0..<1, settings: settings, step: 0)[0]
      .trajectories[0]
  }

  private func compare(_ found: [Float], _ key: String, _ worst: inout WorstError) {
    guard let expected = json[key].doubles else { return }
    for (index, pair) in zip(found, expected).enumerated() {
      worst.compare(
        Double(pair.0), pair.1, .absolute(logprobTolerance), at: "\(key)[\(index)]")
    }
  }

  /// The whole sequence in one training forward pass.
  private func compareSequence(_ ids: [Int32], _ worst: inout WorstError) throws {
    var pack = SequencePack()
    pack.append(prompt: [ids[0]], completion: Array(ids.dropFirst()))
    compare(try model.score(pack).logprobs, "sequence_logprobs", &worst)
    var whole = SequencePack()
    whole.appendRows(ids)
    let logits = model.logits(whole)
    let vocabulary = model.configuration.vocabularySize
    func compareLogit(_ row: Int, _ id: Int, _ expected: Double, _ place: String) {
      worst.compare(
        Double(logits.pointer[row * vocabulary + id]), expected, .absolute(logitTolerance),
        at: "\(place): logit of \(id) at position \(row)")
    }
    let lastPrompt = (json["prompt_ids"].ints?.count ?? 1) - 1
    for (id, value) in (json["logits_last_prompt_position"].doubles ?? []).enumerated() {
      compareLogit(lastPrompt, id, value, "logits_last_prompt_position")
    }
    let slices = json["logits_slices"].array ?? []
    for (slice, top) in zip(slices, json["top5_per_position"].array ?? []) {
      guard let position = slice["position"].int, let first = slice["first_id"].int,
        let values = slice["values"].doubles
      else { throw CheckError("\(slice.path) needs 'position', 'first_id' and 'values'") }
      for (offset, value) in values.enumerated() {
        compareLogit(position, first + offset, value, "logits_slices")
      }
      for pair in top.array ?? [] {
        guard let id = pair[0].int, let value = pair[1].double else { continue }
        compareLogit(position, id, value, "top5_per_position")
      }
    }
  }
}

/// Loss and gradients of one sequence: norms, and the first entries relative to the norm.
private func compareGradients(
  _ json: JSON, _ model: Transformer, _ report: inout CheckReport
) throws {
  guard let ids = json["ids"].ints?.map(Int32.init), let promptLength = json["prompt_len"].int
  else { throw CheckError("\(json.path) needs 'ids' and 'prompt_len'") }
  var pack = SequencePack()
  pack.append(prompt: Array(ids[..<promptLength]), completion: Array(ids[promptLength...]))
  let count = pack.targets.count
  let scores = try model.accumulateGradients(
    pack, dLogprob: Array(repeating: -1 / Float(count), count: count),
    dEntropy: Array(repeating: 0, count: count))
  if let expected = json["loss"].double {
    var worst = WorstError()
    let loss = -scores.logprobs.reduce(0) { $0 + Double($1) } / Double(count)
    worst.compare(loss, expected, .absolute(logprobTolerance), at: "loss")
    report.count("loss", worst)
  }
  for (name, expected) in try json["grads"].requireObject() {
    var worst = WorstError()
    let norm = try expected["l2"].requireDouble()
    if let gradient = model.parameter(name)?.gradient {
      let tolerance = max(gradientTolerance * norm, .leastNormalMagnitude)
      worst.compare(
        gradient.sumOfSquares.squareRoot(), norm, .absolute(tolerance), at: "the gradient's norm")
      for (index, value) in (expected["first8"].doubles ?? []).enumerated() {
        worst.compare(
          Double(gradient[index]), value, .absolute(tolerance),
          at: "the gradient's element \(index)")
      }
    } else {
      worst.fail("it is no parameter of the model")
    }
    report.count(name, worst)
  }
}
