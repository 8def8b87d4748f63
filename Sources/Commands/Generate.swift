import ArgumentParser
import Foundation
import JSON
import Kernels
import Rollouts
import Tokenizers
import Trajectories

/// `temper generate`: complete a prompt, or chat.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Complete a prompt; a model with a chat template answers it.",
    discussion: """
      Without a prompt it is read from standard input; on a terminal with a chat template, that \
      is a conversation, ended by an empty line.
      """)

  @Argument(help: "The prompt; standard input unless given.") var prompt: String?
  @Option(help: "The model's folder.") var model: String
  @Option(help: "A system message.") var system: String?
  @Flag(help: "Complete the text as it is, without the chat template.") var raw = false
  @Option(help: "Divides the logits; 0 is greedy. The model's own unless given.")
  var temperature: Float?
  @Option(help: "Only the k most probable ids; 0 for all.") var topK: Int?
  @Option(help: "Then the fewest ids that reach this probability.") var topP: Float?
  @Option(help: "Then ids of at least this share of the largest probability.") var minP: Float?
  @Option(help: "The longest completion, in tokens.") var maxNewTokens: Int?
  @Option(help: "A text that ends the completion; repeatable.") var stop: [String] = []
  @Option(help: "name=value for the chat template, such as enable_thinking=false; repeatable.")
  var templateVariable: [String] = []
  @Option(help: "Completions.") var samples = 1
  @Option(help: "The same seed gives the same completions.") var seed: UInt64 = 0
  @Option(help: "Threads; one a core unless given.") var threads: Int?
  @Option(help: "The type of the weights' compute copy: float32, bfloat16 or int8.")
  var dtype = "float32"
  @Flag(help: "Print ids, text and log-probabilities as one JSON object a completion.")
  var json = false

  func validate() throws {
    guard (1...1 << 20).contains(samples) else {
      throw ValidationError("--samples is \(samples); ask for 1 to \(1 << 20) completions.")
    }
    if let temperature, !SamplingSettings.isTemperature(temperature) {
      throw ValidationError("--temperature is \(temperature); use 0 (greedy), or 1e-6 to 1e6.")
    }
    if let maxNewTokens, maxNewTokens < 1 {
      throw ValidationError("--max-new-tokens is \(maxNewTokens); use at least 1.")
    }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p is \(topP); use a number above 0 and up to 1.")
    }
    if let minP, !(minP >= 0 && minP <= 1) {
      throw ValidationError("--min-p is \(minP); use a number from 0 to 1.")
    }
    if let topK, topK < 0 {
      throw ValidationError("--top-k is \(topK); use 0 (off) or more.")
    }
    if let threads, threads < 1 {
      throw ValidationError("--threads is \(threads); use at least 1.")
    }
    guard PackedWeight.Precision(rawValue: dtype) != nil else {
      throw ValidationError("--dtype is '\(dtype)'; use \(PackedWeight.Precision.kind).")
    }
  }

  func run() throws {
    if let threads { ThreadPool.resize(threads) }
    let loaded = try LoadedModel(model, precision: PackedWeight.Precision(rawValue: dtype)!)
    let engine = RolloutEngine(loaded, RolloutConfiguration())
    let isChat = loaded.template != nil && !raw
    if prompt == nil, isChat, isatty(STDIN_FILENO) != 0 {
      return try converse(loaded, engine)
    }
    let text = prompt ?? typedText()
    var messages = opening
    messages.append(["role": "user", "content": .string(text)])
    let given = isChat ? try render(messages, loaded) : text
    _ = try complete(given, addSpecialTokens: !isChat, loaded, engine)
  }

  /// Standard input, without the line break that ends what `echo` or a person writes.
  private func typedText() -> String {
    var bytes = FileHandle.standardInput.readDataToEndOfFile()
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  private var opening: [JSONLiteral] {
    system.map { [["role": "system", "content": .string($0)]] } ?? []
  }

  private func render(_ messages: [JSONLiteral], _ model: LoadedModel) throws -> String {
    try model.template!.render(
      messages: .array(messages), addGenerationPrompt: true,
      variables: parsedVariables(templateVariable, place: "--template-variable"))
  }

  /// A conversation on the terminal.
  private func converse(_ model: LoadedModel, _ engine: RolloutEngine) throws {
    var messages = opening
    while true {
      Console.stream("> ")
      guard let line = readLine(), !line.isEmpty else { return }
      messages.append(["role": "user", "content": .string(line)])
      let answer = try complete(
        render(messages, model), addSpecialTokens: false, model, engine)
      messages.append(["role": "assistant", "content": .string(answer)])
    }
  }

  /// Completes `text` and prints it as it comes; several samples are printed when they have ended.
  private func complete(
    _ text: String, addSpecialTokens: Bool, _ model: LoadedModel, _ engine: RolloutEngine
  ) throws -> String {
    let tokens = model.tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
    let prompt = Prompt(id: "prompt", index: 0, tokens: tokens, text: text, row: "{}")
    let settings = settings(model)
    var stream = CompletionStream(
      model.tokenizer.streamDecoder(skipSpecial: true), stopStrings: settings.stopStrings)
    let streams = samples == 1 && !json
    let groups = try engine.sample(
      [prompt], samples: 0..<samples, settings: settings, step: 0
    ) { event in
      guard streams, case .token(_, _, let id) = event, !settings.endTokens.contains(id) else {
        return
      }
      Console.stream(stream.append(id))
    }
    if streams { Console.report(stream.rest(of: groups[0].trajectories[0].text)) }
    for trajectory in groups[0].trajectories where !streams {
      Console.report(json ? record(trajectory).serialized() : trajectory.text)
    }
    return groups[0].trajectories[0].text
  }

  private func record(_ trajectory: Trajectory) -> JSONLiteral {
    [
      "sample": .int(trajectory.sample), "text": .string(trajectory.text),
      "stop": .string(trajectory.stop.rawValue),
      "ids": .ints(trajectory.tokens), "logprobs": .floats(trajectory.oldLogprobs),
      "entropies": .floats(trajectory.entropies),
    ]
  }

  /// What was asked for, over what the model's folder says of sampling.
  private func settings(_ model: LoadedModel) -> SamplingSettings {
    let own = model.generation
    var settings = SamplingSettings()
    let samplesByDefault = own.doSample ?? (own.temperature != nil)
    settings.temperature =
      temperature
      ?? (samplesByDefault ? own.temperature.map { Float($0) } ?? 1 : samples > 1 ? 1 : 0)
    settings.topK = topK ?? own.topK ?? 0
    settings.topP = topP ?? own.topP.map { Float($0) } ?? 1
    settings.minP = minP ?? own.minP.map { Float($0) } ?? 0
    settings.maximumNewTokens = maxNewTokens ?? own.maxNewTokens ?? 256
    settings.endTokens = model.endTokens
    settings.stopStrings = stop
    settings.seed = seed
    return settings
  }
}
