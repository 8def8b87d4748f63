import CPluginABI
import Detectors
import EntropyControl
import Trajectories

/// An observation as the C table takes it. Columns and texts are copied into memory that lives as
/// long as this object; tensors and rows of logits are passed where they lie.
final class ObservationTable {
  private let observation: UnsafeMutablePointer<temper_observation>
  private let arena = Arena()
  private let columns: TokenTable?
  /// `[S]` at a rollout, for the flags of a finding.
  private let dropped: UnsafeMutablePointer<UInt8>?
  private let sequences: Int

  init(_ seen: Observation) {
    let arena = arena
    columns = seen.tokens.map {
      TokenTable(
        $0, coefficients: seen.coefficients, observed: ObservedMoments(old: seen.observed))
    }
    sequences =
      seen.event == .rollout ? seen.tokens?.sequenceCount ?? seen.outcomes?.groups.count ?? 0 : 0
    dropped =
      seen.event == .rollout ? arena.copy([UInt8](repeating: 0, count: sequences)) : nil
    var table = temper_observation()
    table.size = UInt32(MemoryLayout<temper_observation>.size)
    table.event = temper_event(UInt32(seen.event.rawValue))
    (table.step, table.total_steps) = (UInt64(seen.step), UInt64(seen.totalSteps))
    table.update = UInt64(seen.update)
    (table.temperature, table.learning_rate) = (seen.temperature, seen.learningRate)
    table.clip_norm = seen.clipNorm ?? .infinity
    (table.adam_epsilon, table.adam_updates) = (seen.adamEpsilon, Double(seen.adamUpdates))
    let metrics = seen.metrics.map { name, value in
      temper_metric(name: arena.text(name.rawValue), value: value)
    }
    (table.metric_count, table.metrics) = (metrics.count, UnsafePointer(arena.copy(metrics)))
    table.tokens = columns.map { UnsafePointer(arena.copy([$0.tokens])) }
    table.outcomes = seen.outcomes.map {
      UnsafePointer(arena.copy([temper_outcomes($0, in: arena)]))
    }
    table.tensor_count = seen.tensors.count
    table.tensors = arena.table(seen.tensors.map { temper_tensor($0, in: arena) })
    table.head_count = seen.heads.count
    table.heads = arena.table(seen.heads.map { temper_head($0) })
    table.logit_count = seen.logits.count
    table.logits = arena.table(seen.logits.map { temper_logits($0) })
    observation = arena.copy([table])
  }

  /// The observation, and room for what a plugin finds in it.
  func withPointers<Result>(
    _ body: (UnsafePointer<temper_observation>, UnsafeMutablePointer<temper_finding>) -> Result
  ) -> Result {
    var finding = temper_finding()
    finding.size = UInt32(MemoryLayout<temper_finding>.size)
    (finding.action, finding.factor, finding.dropped) = (TEMPER_ACT_NONE, 1, dropped)
    return body(UnsafePointer(observation), &finding)
  }

  /// `[S]` which sequences the plugin would drop.
  var droppedSequences: [Bool] {
    UnsafeBufferPointer(start: dropped, count: dropped == nil ? 0 : sequences).map { $0 != 0 }
  }
}

extension Arena {
  fileprivate func text(_ text: String) -> UnsafePointer<CChar> {
    UnsafePointer(copy(text.utf8CString.map(\.self)))
  }

  /// Pointers to structs, which may grow.
  fileprivate func table<Struct: BitwiseCopyable>(
    _ structs: [Struct]
  ) -> UnsafePointer<UnsafePointer<Struct>?>? {
    guard !structs.isEmpty else { return nil }
    let block = UnsafePointer(copy(structs))
    return UnsafePointer(copy(structs.indices.map { Optional(block + $0) }))
  }
}

extension temper_outcomes {
  fileprivate init(_ outcomes: Outcomes, in arena: Arena) {
    func column<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
      UnsafePointer(arena.copy(values))
    }
    self.init()
    size = UInt32(MemoryLayout<temper_outcomes>.size)
    sequence_count = outcomes.groups.count
    groups = column(outcomes.groups.map(UInt32.init))
    rewards = column(outcomes.rewards.map { $0 ?? .nan })
    verdicts = column(outcomes.verdicts.map { temper_verdict($0).rawValue })
    truncated = column(outcomes.truncated.map { $0 ? 1 : 0 })
    lengths = column(outcomes.lengths.map(UInt32.init))
    texts = column(arena.texts(outcomes.texts.map { Array($0.utf8) }))
    component_count = outcomes.components.count
    component_names = column(outcomes.components.map { arena.text($0.name) })
    components = column(outcomes.components.map { column($0.rewards) })
  }
}

extension temper_verdict {
  fileprivate init(_ verdict: Verdict) {
    self =
      switch verdict {
      case .right: TEMPER_RIGHT
      case .wrong: TEMPER_WRONG
      case .unparsable: TEMPER_UNPARSABLE
      case .failed: TEMPER_FAILED
      }
  }
}

extension temper_tensor {
  fileprivate init(_ tensor: TensorView, in arena: Arena) {
    self.init()
    size = UInt32(MemoryLayout<temper_tensor>.size)
    rank = UInt32(tensor.shape.count)
    name = arena.text(tensor.name)
    shape = UnsafePointer(arena.copy(tensor.shape))
    count = tensor.shape.reduce(1, *)
    (weight_norm, gradient_norm) = (tensor.weightNorm, tensor.gradientNorm)
    (gradient_max, gradient_mean) = (tensor.gradientMax, tensor.gradientMean)
    (alignment, spikes, update_norm) = (tensor.alignment, tensor.spikes, tensor.updateNorm)
    weights = tensor.weights?.baseAddress
    previous = tensor.previous?.baseAddress
    gradient = tensor.gradient?.baseAddress
  }
}

extension temper_head {
  fileprivate init(_ head: AttentionHead) {
    self.init(
      size: UInt32(MemoryLayout<temper_head>.size), layer: UInt32(head.layer),
      head: UInt32(head.head), entropy: head.entropy, bound: head.bound,
      score_max: head.scoreMax, score_norm: head.scoreNorm, sink: head.sink,
      query_rms: head.queryRMS, key_rms: head.keyRMS)
  }
}

extension temper_logits {
  fileprivate init(_ row: LogitRow) {
    self.init(
      size: UInt32(MemoryLayout<temper_logits>.size), token: row.token, index: row.index,
      advantage: row.advantage, logits: row.logits.baseAddress, change: row.change?.baseAddress,
      vocabulary: row.logits.count)
  }
}
