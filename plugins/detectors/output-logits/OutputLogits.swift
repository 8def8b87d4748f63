import Glibc
import TemperPlugin

/// Sees output logits drift: their log-sum-exp, their spread, their mean.
struct OutputLogits: Detector {
  struct Configuration: PluginConfiguration {
    var rows = 64
    /// Looks that say where the run began.
    var baseline = 3
    /// How far the mean log Z may move from there.
    var drift = 10.0
    /// Its distance from the median in robust deviations, of a move of at least so many nats.
    var z = 6.0
    var leastMove = 2.0
    var window = 64
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var window = Window()
    var beginning: [Double] = []
    var alarms = Alarms()
  }

  static let id = "temper.detector.output-logits"
  static let version = "1.0.0"
  static let summary = "Output logits that drift: log Z, spread and mean."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("rows", Double(configuration.rows), atLeast: 1)
    try configuration.require("baseline", Double(configuration.baseline), atLeast: 1)
    try configuration.require("drift", configuration.drift, above: 0)
    try configuration.require("z", configuration.z, above: 0)
    try configuration.require("least_move", configuration.leastMove, atLeast: 0)
    try configuration.require("window", Double(configuration.window), atLeast: 16)
    try configuration.alarm.validate(configuration)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: DetectorNeeds {
    DetectorNeeds([.gradients], logits: configuration.rows, every: 10)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    let rows = observation.logits.compactMap(LogitFigures.init)
    guard let logZ = rows.map(\.logZ).mean else { return .nothing }
    host.record("log_z", logZ)
    host.record("log_z_min", rows.map(\.logZ).min()!)
    host.record("log_z_max", rows.map(\.logZ).max()!)
    host.record("z_loss", rows.map { $0.logZ * $0.logZ }.mean!)
    host.record("spread", rows.map(\.spread).mean!)
    host.record("mean", rows.map(\.mean).mean!)
    let z = state.window.robustZ(of: logZ) ?? 0
    let move = state.window.median.map { abs(logZ - $0) } ?? 0
    state.window.append(logZ, keeping: configuration.window)
    if state.beginning.count < configuration.baseline { state.beginning.append(logZ) }
    let start = state.beginning.mean!
    let isFar = abs(logZ - start) > configuration.drift
    let isOdd = abs(z) > configuration.z && move > configuration.leastMove
    guard
      state.alarms.look("drift", isFar || isOdd, step: observation.step, configuration.alarm)
    else { return .nothing }
    return .warn(
      """
      log Z of the output logits is \(short(logZ)) in the mean, \(short(start)) at the start (robust \
      z \(short(z))): logits drift, which a z-loss of 1e-4 or weight decay holds
      """)
  }
}

/// One row's logits, the ids that are not allowed left out.
private struct LogitFigures {
  let logZ: Double
  let mean: Double
  let spread: Double

  /// `nil` where the logits are not finite.
  init?(_ row: LogitRow) {
    guard let most = row.logits.max(), most.isFinite else { return nil }
    var (sum, total, least, count) = (0.0, 0.0, Double(most), 0.0)
    for logit in row.logits where logit > -.infinity {
      sum += exp(Double(logit) - Double(most))
      total += Double(logit)
      least = min(least, Double(logit))
      count += 1
    }
    guard sum.isFinite else { return nil }
    (logZ, mean, spread) = (Double(most) + log(sum), total / count, Double(most) - least)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(OutputLogits.self) }
