import TemperPlugin

/// Holds the mean entropy above a floor: while a moving average of it is below, every token gets a
/// bonus that grows with the shortfall.
struct EntropyFloor: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    var floor = 0.3  // nats
    var strength = 0.01
    /// Share of the past in the moving average.
    var decay = 0.9
  }

  struct State: PluginState {
    var average: Double?
  }

  static let id = "org.example.entropy-floor"
  static let version = "1.0.0"
  static let summary = "Pushes entropy up while its moving average is below a floor."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    guard 0..<1 ~= configuration.decay else {
      throw PluginError.invalidConfiguration(
        "'decay' must be in [0, 1); it is \(configuration.decay)")
    }
    (self.configuration, self.host) = (configuration, host)
  }

  /// - Returns: the bonus of a nat of entropy.
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout State) -> Float {
    var (sum, count) = (0.0, 0)
    for t in step.tokens.trained {
      sum += Double(step.tokens.entropies[t])
      count += 1
    }
    guard count > 0 else { return 0 }
    let mean = sum / Double(count)
    let past = configuration.decay
    state.average = state.average.map { past * $0 + (1 - past) * mean } ?? mean
    let shortfall = max(0, configuration.floor - state.average!)
    host.record("shortfall", shortfall)
    return Float(configuration.strength * shortfall)
  }

  func evaluate(_ run: Run, _ bonus: Float, _ additions: inout Additions) {
    for t in run.tokens.trained {
      additions.phi[t] = -bonus * run.tokens.entropies[t]
      additions.dEntropy[t] = -bonus
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(EntropyFloor.self) }
