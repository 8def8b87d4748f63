import Foundation
import JSON
import Models

/// One thing that is timed, by temper or by a peer: a kind of work on a model of random weights.
struct BenchTask: Sendable, Equatable {
  enum Work: String, Sendable, CaseIterable {
    /// Forward, backward and AdamW on `batch` sequences of `tokens`, the head on every position.
    case train
    /// The same with each block run again on the way back instead of kept; a peer trains as ever.
    case recompute
    /// `newTokens` sampled behind each of `batch` different prompts of `promptTokens`.
    case generate
    /// The prompts alone: `batch` of `tokens`, with the logits of each one's last position.
    case prefill
    /// A step of GRPO: ``groupSize`` answers of `newTokens` to each of `batch / groupSize` prompts of
    /// `promptTokens`, a reward of 0 or 1 for each, one update.
    case step
  }

  let work: Work
  let batch: Int
  /// Positions of a sequence that is trained on or taken in.
  let tokens: Int
  var promptTokens = 64
  var newTokens = 64

  /// Answers to a prompt in a step.
  var groupSize = 8

  /// A step of four prompts of 32 tokens and eight answers of 128 to each.
  static let step = BenchTask(
    work: .step, batch: 32, tokens: 160, promptTokens: 32, newTokens: 128)

  /// What the rate counts: positions, or new tokens.
  var counted: Int {
    switch work {
    case .train, .recompute, .prefill: batch * tokens
    case .generate, .step: batch * newTokens
    }
  }

  var title: String {
    switch work {
    case .train, .recompute, .prefill: "\(work.rawValue) \(batch) x \(tokens)"
    case .generate, .step: "\(work.rawValue) \(batch) x \(newTokens)"
    }
  }

  /// What every program under measurement is asked with; `folder` holds a `config.json`.
  func arguments(folder: URL, threads: Int, precision: String) -> [String] {
    [
      "--measure", work.rawValue, "--model", folder.path, "--batch", "\(batch)",
      "--tokens", "\(tokens)", "--prompt-tokens", "\(promptTokens)", "--new-tokens",
      "\(newTokens)", "--group-size", "\(groupSize)", "--threads", "\(threads)", "--dtype",
      precision,
    ]
  }
}

/// What a program answers, as one line of JSON: one pass of the task, after one to warm up.
struct BenchResult: Sendable {
  /// Wall time.
  let seconds: Double
  /// Time of all its threads on a processor: what is left where other programs take turns.
  let processorSeconds: Double
  /// The most memory that the process held at any time.
  let peakBytes: Int
  /// Seconds of the pass's parts, in order.
  var parts: [(name: String, seconds: Double)] = []
  /// The program and its version.
  let program: String

  var json: JSONLiteral {
    [
      "seconds": .double(seconds), "processor_seconds": .double(processorSeconds),
      "peak_bytes": .int(peakBytes),
      "parts": .object(parts.map { .init($0.name, .double($0.seconds)) }),
      "program": .string(program),
    ]
  }

  init(_ json: JSON) throws {
    seconds = try json["seconds"].requireDouble()
    processorSeconds = try json["processor_seconds"].requireDouble()
    peakBytes = try json["peak_bytes"].requireInt()
    program = try json["program"].requireString()
    parts = try (json["parts"].object ?? []).map { ($0.key, try $0.value.requireDouble()) }
  }

  /// Times `pass`, which returns its parts, and reads what the process has used.
  init(program: String, _ pass: () throws -> [(name: String, seconds: Double)]) rethrows {
    let before = ProcessUsage.processorSeconds
    let begin = ContinuousClock.now
    parts = try pass()
    seconds = (ContinuousClock.now - begin) / .seconds(1)
    processorSeconds = ProcessUsage.processorSeconds - before
    peakBytes = ProcessUsage.peakBytes
    self.program = program
  }
}

/// What the system counts about this process.
enum ProcessUsage {
  /// User and system time of all threads.
  static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The high-water mark of resident memory. `ru_maxrss` would count the parent's as well.
  static var peakBytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Int($0) }
      .map { $0 * 1024 } ?? 0
  }
}
