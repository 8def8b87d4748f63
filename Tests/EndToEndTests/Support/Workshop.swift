import Foundation
import JSON
import Testing

/// A folder of a test's own, removed with it, and the small things that runs are made of.
final class Workshop {
  let folder: URL

  /// In memory where there is such a place, because checkpoints wait for the disk.
  static let place: URL = {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    return FileManager.default.isWritableFile(atPath: memory.path)
      ? memory : FileManager.default.temporaryDirectory
  }()

  init() throws {
    folder = Self.place.appending(path: "temper-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return path(name)
  }

  static let tokenizer = Temper.package.appending(path: "tokenizers/arithmetic").path

  /// A Llama of two layers, 16 wide, with random weights.
  func makeModel(_ name: String = "model", seed: Int = 1) throws -> String {
    let config = try write(
      """
      {"model_type": "llama", "vocab_size": 20, "hidden_size": 16, "intermediate_size": 32,
       "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
       "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
       "hidden_act": "silu", "tie_word_embeddings": true, "initializer_range": 0.1,
       "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
      """, to: "config.json")
    try Temper.succeed([
      "init", "--config", config, "--tokenizer", Self.tokenizer, "--output", path(name),
      "--seed", "\(seed)",
    ])
    return path(name)
  }

  /// Rows `1=` to `8=`, each answered by its own digit.
  func makeProblems(_ name: String = "problems.jsonl", count: Int = 8) throws -> String {
    let rows = (1...count).map { #"{"problem": "\#($0)=", "answer": "\#($0 % 10)"}"# + "\n" }
    return try write(rows.joined(), to: name)
  }

  /// Rewards that vary under random weights: whether the completion's last digit is small.
  static let luck = #"regex:pattern=[0-4]\D*$"#

  /// `temper grpo` on a new model and data, some steps of a few milliseconds each.
  func grpo(_ name: String, steps: Int = 6, _ more: [String] = []) throws -> [String] {
    let model = path("model")
    if !FileManager.default.fileExists(atPath: model) { _ = try makeModel() }
    return [
      "grpo", "--model", model, "--data", try makeProblems(), "--runs", folder.path,
      "--name", name, "--steps", "\(steps)", "--prompts", "4", "--group-size", "4",
      "--max-new-tokens", "24", "--lr", "0.01", "--verifier", Self.luck, "--threads", "1",
      "--save-every", "2", "--run.keep-checkpoints", "99",
    ] + more
  }

  func run(_ name: String) -> RunFiles { RunFiles(folder: folder.appending(path: name)) }

  /// Changes bytes of a file in place.
  func patch(_ name: String, _ change: (inout Data) -> Void) throws {
    let file = folder.appending(path: name)
    var data = try Data(contentsOf: file)
    change(&data)
    try data.write(to: file)
  }
}
