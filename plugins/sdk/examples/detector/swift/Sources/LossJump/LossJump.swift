import TemperPlugin

/// Warns of a step whose loss is many times the moving average of the steps before.
struct LossJump: Detector {
  struct Configuration: PluginConfiguration {
    var metric = "policy/loss"
    /// How many times the average is too much.
    var factor = 10.0
    /// Share of the past in the moving average.
    var decay = 0.9
    /// Steps before it says anything.
    var patience = 10
  }

  struct State: PluginState {
    var average = 0.0
    var steps = 0
  }

  static let id = "org.example.loss-jump"
  static let version = "1.0.0"
  static let summary = "Warns of a loss that jumps."

  let configuration: Configuration
  let host: Host
  let needs = DetectorNeeds([.step])

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("factor", configuration.factor, above: 1)
    try configuration.require("decay", configuration.decay, atLeast: 0, below: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    guard let loss = observation.metric(configuration.metric), loss.isFinite else {
      return .nothing
    }
    let size = abs(loss)
    let before = state
    let past = before.steps == 0 ? 0 : configuration.decay
    state = State(average: past * before.average + (1 - past) * size, steps: before.steps + 1)
    host.record("average", state.average)
    guard before.steps >= configuration.patience, before.average > 0,
      size > configuration.factor * before.average
    else { return .nothing }
    return .warn(
      """
      \(configuration.metric) is \(short(loss)), \(short(size / before.average)) times its average \
      of \(short(before.average)): look at this step's rollout
      """)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(LossJump.self) }
