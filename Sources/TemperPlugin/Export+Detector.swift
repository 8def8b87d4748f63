import CPluginABI
import FoundationEssentials

/// The `temper.detector/1` table of every Swift detector.
nonisolated(unsafe) let detectorTable = permanent(
  temper_detector(
    size: size(of: temper_detector.self),
    describe: { instance, needs, error in
      report(to: error) { try DetectorInstance.at(instance).describe(needs!) }
    },
    observe: { instance, row, observed, bytes, error in
      report(to: error) { try DetectorInstance.at(instance).observe(row!.pointee, observed, bytes) }
    },
    detect: { instance, observation, finding, error in
      report(to: error) {
        try DetectorInstance.at(instance).detect(observation!.pointee, finding!)
      }
    }))

/// What the table's functions, which know no type, find behind their instance.
class DetectorInstance: Instance {
  func describe(_ needs: UnsafeMutablePointer<temper_detector_needs>) throws {}
  func observe(
    _ row: temper_row, _ floats: UnsafeMutablePointer<Float>?, _ bytes: temper_sink
  ) throws {}
  func detect(
    _ observation: temper_observation, _ finding: UnsafeMutablePointer<temper_finding>
  ) throws {}
}

/// A detector with what it remembers, which changes in `detect` alone.
final class DetectorInstanceOf<P: Detector>: DetectorInstance {
  private let plugin: P
  private let needs: DetectorNeeds
  private var state = P.State()

  init(_ plugin: P) { (self.plugin, needs) = (plugin, plugin.needs) }

  override func describe(_ out: UnsafeMutablePointer<temper_detector_needs>) throws {
    for (name, value) in [
      ("observed", needs.observed), ("logits", needs.logits), ("every", needs.every - 1),
    ] where value < 0 {
      throw PluginError.invalidInput("'needs.\(name)' is \(value)")
    }
    out.pointee.events = needs.events.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    let flags = [
      (needs.tokens, TEMPER_WANTS_TOKENS), (needs.outcomes, TEMPER_WANTS_OUTCOMES),
      (needs.norms, TEMPER_WANTS_NORMS), (needs.views, TEMPER_WANTS_VIEWS),
      (needs.attention, TEMPER_WANTS_ATTENTION), (needs.logits > 0, TEMPER_WANTS_LOGITS),
      (needs.logitChange, TEMPER_WANTS_LOGIT_CHANGE),
    ]
    out.pointee.flags = flags.reduce(0) { $1.0 ? $0 | UInt32($1.1) : $0 }
    out.pointee.every = UInt32(needs.every)
    out.pointee.observed = UInt32(needs.observed)
    out.pointee.sees_rows = needs.rows ? 1 : 0
    out.pointee.rows = UInt32(needs.logits)
    out.pointee.spike = needs.spike ?? 0
  }

  override func observe(
    _ row: temper_row, _ floats: UnsafeMutablePointer<Float>?, _ bytes: temper_sink
  ) throws {
    let floats = UnsafeMutableBufferPointer(start: floats, count: needs.observed)
    var observed = Observed(floats: floats, sink: bytes)
    try plugin.observe(Row(row), &observed)
  }

  override func detect(
    _ observation: temper_observation, _ out: UnsafeMutablePointer<temper_finding>
  ) throws {
    // An event that a newer host knows and this header does not has nothing to show.
    guard let observation = Observation(observation, observed: needs.observed) else { return }
    var next = state
    let finding = try plugin.detect(observation, &next)
    state = next
    write(finding, sequences: observation.tokens?.sequenceCount ?? observation.outcomes?.count, out)
  }

  override func save() throws -> Data { try state.json() }
  override func load(_ json: Data) throws { state = try .decoded(from: json) }
}

private func write(
  _ finding: Finding, sequences: Int?, _ out: UnsafeMutablePointer<temper_finding>
) {
  switch finding.action {
  case .none: out.pointee.action = TEMPER_ACT_NONE
  case .warn: out.pointee.action = TEMPER_ACT_WARN
  case .scaleRate(let factor, let steps):
    out.pointee.action = TEMPER_ACT_SCALE_RATE
    (out.pointee.factor, out.pointee.steps) = (factor, UInt32(clamping: steps))
  case .shorten(let factor):
    out.pointee.action = TEMPER_ACT_SHORTEN
    out.pointee.factor = factor
  case .dropSequences(let dropped):
    out.pointee.action = TEMPER_ACT_DROP_SEQUENCES
    guard let flags = out.pointee.dropped else { break }
    for (s, isDropped) in dropped.prefix(sequences ?? 0).enumerated() where isDropped {
      flags[s] = 1
    }
  case .skipStep: out.pointee.action = TEMPER_ACT_SKIP_STEP
  case .rollBack(let factor):
    out.pointee.action = TEMPER_ACT_ROLL_BACK
    out.pointee.factor = factor
  case .stop: out.pointee.action = TEMPER_ACT_STOP
  }
  out.pointee.is_critical = finding.isCritical ? 1 : 0
  write(finding.reason, to: out.pointee.reason)
}

extension Detector {
  /// Whether there is anything to save.
  static var remembers: Bool { State.self != NoState.self }
}
