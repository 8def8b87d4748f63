import Foundation
import JSON
import Trajectories

/// A step's completions as a run recorded them: what it trained on, without sampling again.
public struct RecordedStep: Sendable {
  /// What is known of a completion besides its tokens.
  public struct Completion: Sendable {
    public let promptID: String
    public let sample: Int
    public let text: String
    public let verdict: String
    /// `nil` where the verifier failed.
    public let reward: Double?
  }

  /// `[S]`
  public let completions: [Completion]
  /// The columns of the rollout; the current ones are the old ones.
  public let batch: TokenBatch

  /// Reads a file of a run's `rollouts/`.
  ///
  /// - Throws: ``RecordError`` for a file without per-token columns, `JSONError` for one that is
  ///   not of the form.
  public init(contentsOf file: URL) throws {
    let lines = try JSONLines(of: file).map { line, value in
      do { return try value.get() } catch {
        throw RecordError(description: "\(file.path):\(line): \(error)")
      }
    }
    guard let first = lines.first else {
      throw RecordError(description: "\(file.path): it has no completions")
    }
    guard first.has("old_logprobs"), first.has("prompt_ids") else {
      throw RecordError(
        description: """
          \(file.path): it has no per-token columns; a run keeps them with --run.log-columns
          """)
    }
    completions = try lines.map { line in
      Completion(
        promptID: try line["prompt_id"].requireString(), sample: try line["sample"].requireInt(),
        text: try line["text"].requireString(), verdict: try line["verdict"].requireString(),
        reward: line["reward"].double)
    }
    batch = try Self.batch(lines, file)
  }

  private static func batch(_ lines: [JSON], _ file: URL) throws -> TokenBatch {
    func ids(_ line: JSON, _ key: String) throws -> [Int32] {
      guard let ids = line[key].ints else {
        throw RecordError(description: "\(line[key].path) must be an array of ids")
      }
      return ids.map { Int32(clamping: $0) }
    }
    var batch = TokenBatch(
      prompts: try lines.map { try ids($0, "prompt_ids") },
      completions: try lines.map { try ids($0, "ids") })
    func column(_ key: String) throws -> [Double] {
      var all: [Double] = []
      for (line, sequence) in zip(lines, 0...) {
        let count = batch.range(sequence).count
        guard let values = line[key].doubles, values.count == count else {
          throw RecordError(description: "\(line[key].path) must be \(count) numbers, as 'ids' has")
        }
        all += values
      }
      return all
    }
    batch.groups = try lines.map { try $0["group"].requireInt() }
    batch.turns = try column("turns").map { Int($0) }
    // Records of earlier versions say nothing of authors: the model wrote everything.
    if lines.allSatisfy({ $0.has("authors") }) {
      batch.authors = try column("authors").map {
        Author(rawValue: UInt8(clamping: Int($0))) ?? .model
      }
    }
    if lines.allSatisfy({ $0.has("void_turns") }) {
      batch.voidTurns = try column("void_turns").map { $0 != 0 }
    }
    batch.mask = try column("mask").map { $0 == 0 ? 0 : 1 }
    batch.advantages = try column("advantages").map(Float.init)
    batch.oldLogprobs = try column("old_logprobs").map(Float.init)
    batch.behaviourLogprobs = try column("behaviour_logprobs").map(Float.init)
    batch.oldEntropies = try column("entropies").map(Float.init)
    (batch.logprobs, batch.entropies) = (batch.oldLogprobs, batch.oldEntropies)
    if lines.allSatisfy({ $0.has("reference_logprobs") }) {
      batch.referenceLogprobs = try column("reference_logprobs").map(Float.init)
    }
    return batch
  }
}

/// What is wrong with a recorded step.
public struct RecordError: Error, CustomStringConvertible {
  public let description: String
}
