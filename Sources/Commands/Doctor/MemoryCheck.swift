import Foundation
import JSON
import Kernels
import Models

/// Whether the run fits into the memory that is free, phase by phase, by counting what it holds.
struct MemoryCheck {
  /// Bytes.
  let weights, gradients, optimizer, reference, cache, activations, rows: Double
  let available: Double

  init(
    _ run: GRPOConfiguration, _ model: ModelConfiguration, available: Double = Self.freeMemory()
  ) {
    self.available = available
    let count = model.approximateParameters
    let copy = run.run.dtype == .bfloat16 ? 2.0 : 4.0
    weights = count * (4 + copy) + (run.samplerType?.bytes(count) ?? 0)
    gradients = count * 4
    optimizer = count * 8
    reference = run.needsReference ? count * copy : 0

    let sampled = run.training.rollout
    let longest = Double(run.longestSequence)
    let sequences = Double(sampled.promptsPerStep * sampled.groupSize)
    let width = min(Double(run.rollout.width), sequences)
    let position = Double(2 * model.keyValueHeadCount * model.headDimension * model.layerCount) * 4
    cache = min(width * longest * position, Double(run.rollout.cacheMiB) * 1_048_576)

    // What a block keeps of a token for its way back, as the forward pass lays it out.
    let hidden = Double(model.hiddenSize)
    let heads = Double(model.headCount + 2 * model.keyValueHeadCount) * Double(model.headDimension)
    let query = Double(model.headCount * model.headDimension)
    let block = 2 * hidden + heads + query + 2 * Double(model.intermediateSize)
    let tokens = max(
      Double(run.training.memory.microBatchTokens), longest,
      Double(2 * run.data.maximumPromptTokens))
    let layers = Double(model.layerCount)
    let kept = run.training.memory.recompute ? layers * hidden + block : layers * block
    // The gradients of one block on the way back, beside them.
    activations = 4 * tokens * (kept + 2 * block)
    let vocabulary = Double(model.vocabularySize)
    let chunk = Double(Transformer.chunkRows(vocabulary: model.vocabularySize))
    rows = 4 * vocabulary * max(width, chunk) * 2
  }

  /// Everything that stays once it was needed: what a step holds at most.
  var rollout: Double { weights + gradients + optimizer + reference + cache + rows }
  var update: Double { rollout + activations }

  var finding: Finding {
    let text =
      "about \(words(rollout)) while sampling and \(words(update)) in an update, of "
      + "\(words(available)) free"
    let details: JSONLiteral = [
      "rollout_bytes": .int(Int(rollout)), "update_bytes": .int(Int(update)),
      "weights_bytes": .int(Int(weights)), "gradients_bytes": .int(Int(gradients)),
      "optimizer_bytes": .int(Int(optimizer)), "reference_bytes": .int(Int(reference)),
      "cache_bytes": .int(Int(cache)), "activations_bytes": .int(Int(activations)),
      "available_bytes": .int(Int(available)),
    ]
    guard update > available * 0.9 else {
      return Finding("run memory", .ok, text, details: details)
    }
    return Finding(
      "run memory", update > available ? .fault : .warning, text, remedy: remedy, details: details)
  }

  private var remedy: String {
    let parts = [
      (activations, "--memory.recompute or a smaller --micro-batch-tokens"),
      (cache, "a smaller --rollout.cache-mib or --rollout.batch"),
      (weights + gradients + optimizer, "a smaller model, or --dtype bfloat16"),
    ]
    let largest = parts.sorted { $0.0 > $1.0 }
    return "the most is in "
      + largest.prefix(2).map { "\(words($0.0)): \($0.1)" }.joined(separator: "; then ")
  }

  private func words(_ bytes: Double) -> String {
    bytes < 1_073_741_824
      ? String(format: "%.0f MiB", bytes / 1_048_576)
      : String(format: "%.1f GiB", bytes / 1_073_741_824)
  }

  /// What can be had without taking from others: `MemAvailable`, or less where a control group sets
  /// a limit.
  static func freeMemory() -> Double {
    func number(_ path: String) -> Double? {
      (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
        Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    let lines = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = lines.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let free =
      line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 }
      ?? Double(ProcessInfo.processInfo.physicalMemory)
    guard let limit = number("/sys/fs/cgroup/memory.max"),
      let used = number("/sys/fs/cgroup/memory.current")
    else { return free }
    return min(free, limit - used)
  }
}

extension GRPOConfiguration {
  /// Whether a frozen policy stands beside the one that is trained.
  fileprivate var needsReference: Bool { training.objective.needsReference }
}
