import CPluginABI
import FoundationEssentials

/// The `temper.entropy/1` table of every Swift intervention.
nonisolated(unsafe) let entropyTable = permanent(
  temper_entropy(
    size: size(of: temper_entropy.self),
    describe: { instance, needs, error in
      report(to: error) { try EntropyInstance.at(instance).describe(needs!) }
    },
    observe: { instance, row, observed, bytes, error in
      report(to: error) { try EntropyInstance.at(instance).observe(row!.pointee, observed, bytes) }
    },
    prepare: { instance, step, tokens, shaping, error in
      report(to: error) {
        try EntropyInstance.at(instance).prepare(step!.pointee, tokens!.pointee, shaping!)
      }
    },
    evaluate: { instance, run, first, additions, error in
      report(to: error) {
        try EntropyInstance.at(instance).evaluate(run!.pointee, first, additions!.pointee)
      }
    },
    differentiate: { instance, row, token, coefficient, bytes, loss, gradient, error in
      report(to: error) {
        let token = WantedToken(index: token, coefficient: coefficient, oldBytes: bytes.bytes)
        loss!.pointee += try EntropyInstance.at(instance)
          .differentiate(row!.pointee, token, gradient!)
      }
    }))

/// What the table's functions, which know no type, find behind their instance.
class EntropyInstance: Instance {
  func describe(_ needs: UnsafeMutablePointer<temper_entropy_needs>) throws {}
  func observe(
    _ row: temper_row, _ floats: UnsafeMutablePointer<Float>?, _ bytes: temper_sink
  ) throws {}
  func prepare(
    _ step: temper_step, _ tokens: temper_tokens, _ shaping: UnsafeMutablePointer<temper_shaping>
  ) throws {}
  func evaluate(_ run: temper_tokens, _ first: Int, _ additions: temper_additions) throws {}
  func differentiate(
    _ row: temper_row, _ token: WantedToken, _ gradient: UnsafeMutablePointer<Float>
  ) throws -> Double { 0 }
}

/// An intervention with what it remembers and what it has frozen. Both change in `prepare` alone,
/// which the host never calls beside another call.
final class EntropyInstanceOf<P: EntropyIntervention>: EntropyInstance {
  private let plugin: P
  private let needs: EntropyNeeds
  private var state = P.State()
  /// Read in place: what is frozen may be large, and rows are many.
  private var frozen: UnsafeMutablePointer<P.Frozen>?

  init(_ plugin: P) { (self.plugin, needs) = (plugin, plugin.needs) }

  deinit {
    frozen?.deinitialize(count: 1)
    frozen?.deallocate()
  }

  override func describe(_ out: UnsafeMutablePointer<temper_entropy_needs>) throws {
    guard needs.observed >= 0 else {
      throw PluginError.invalidInput("'needs.observed' is \(needs.observed)")
    }
    out.pointee.stage =
      switch needs.stage {
      case .advantages: TEMPER_STAGE_ADVANTAGES
      case .masks: TEMPER_STAGE_MASKS
      case .weights: TEMPER_STAGE_WEIGHTS
      case .additions: TEMPER_STAGE_ADDITIONS
      }
    let flags = [
      (needs.oldRows, TEMPER_NEEDS_OLD_ROWS), (needs.currentRows, TEMPER_NEEDS_CURRENT_ROWS),
      (needs.reference, TEMPER_NEEDS_REFERENCE), (needs.replacesBase, TEMPER_REPLACES_BASE),
    ]
    out.pointee.flags = flags.reduce(0) { $1.0 ? $0 | UInt32($1.1) : $0 }
    out.pointee.observed = UInt32(needs.observed)
  }

  override func observe(
    _ row: temper_row, _ floats: UnsafeMutablePointer<Float>?, _ bytes: temper_sink
  ) throws {
    let floats = UnsafeMutableBufferPointer(start: floats, count: needs.observed)
    var observed = Observed(floats: floats, sink: bytes)
    try plugin.observe(Row(row), &observed)
  }

  override func prepare(
    _ step: temper_step, _ tokens: temper_tokens, _ shaping: UnsafeMutablePointer<temper_shaping>
  ) throws {
    let step = Step(step, Tokens(tokens, observed: needs.observed))
    var shaping = Shaping(shaping, count: step.tokens.count)
    var next = state
    let prepared = try plugin.prepare(step, &shaping, &next)
    state = next
    if let frozen {
      frozen.pointee = prepared
    } else {
      frozen = .allocate(capacity: 1)
      frozen!.initialize(to: prepared)
    }
  }

  override func evaluate(
    _ run: temper_tokens, _ first: Int, _ additions: temper_additions
  ) throws {
    let run = Run(tokens: Tokens(run, observed: needs.observed), first: first)
    var additions = Additions(additions, count: run.tokens.count)
    try plugin.evaluate(run, prepared().pointee, &additions)
  }

  override func differentiate(
    _ row: temper_row, _ token: WantedToken, _ gradient: UnsafeMutablePointer<Float>
  ) throws -> Double {
    try plugin.differentiate(
      Row(row), of: token, prepared().pointee,
      UnsafeMutableBufferPointer(start: gradient, count: row.vocabulary))
  }

  private func prepared() throws -> UnsafeMutablePointer<P.Frozen> {
    guard let frozen else { throw PluginError.invalidInput("no step has been prepared") }
    return frozen
  }

  override func save() throws -> Data { try state.json() }
  override func load(_ json: Data) throws { state = try .decoded(from: json) }
}

extension EntropyIntervention {
  /// Whether there is anything to save.
  static var remembers: Bool { State.self != NoState.self }
}
