import TemperPlugin

/// Remembers odd numbers and uses every call, to try every path of the SDK.
struct Memory: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    var fails = false
    var width = 2
  }
  struct State: PluginState, Equatable {
    var steps = 0
    var history: [Double] = [.nan, .infinity, -.infinity, -0.0, 0x1p-1074, 0.1, 1 / 3]
    var small = Float(0.1)
    var none: Double?
    var counts: [Int: Float] = [3: .nan, 1: 2]
  }
  struct Frozen: Sendable { var names: [String] }

  static let id = "org.example.memory"
  static let version = "1.0.0"
  static let summary = "Remembers odd numbers."

  let configuration: Configuration
  let host: Host
  var needs: EntropyNeeds {
    EntropyNeeds(stage: .masks, observed: configuration.width, oldRows: true)
  }

  init(_ configuration: Configuration, host: Host) {
    (self.configuration, self.host) = (configuration, host)
  }

  func observe(_ row: Row, _ observed: inout Observed) {
    observed[1] = row.logprobs.reduce(0, +)
    observed.keep([Int32(row.token)])
    observed.keep([row.entropy])
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout State) throws -> Frozen {
    state.steps += 1
    if configuration.fails { throw PluginError.invalidInput("no") }
    let tokens = step.tokens
    host.set(column: "steps", first: 1, [Float(state.steps)])
    for t in tokens.trained(in: tokens.range(1)) { shaping.want(t) }
    shaping.mask[0] = 0
    shaping.scalarLoss = Double(tokens.oldObserved(4)[1])
    return Frozen(names: (0..<tokens.count).map { "\($0): \(tokens.oldBytes($0).count)" })
  }

  func evaluate(_ run: Run, _ frozen: Frozen, _ additions: inout Additions) {
    for t in run.tokens.trained where frozen.names[run.first + t].hasSuffix(": 2") {
      additions.phi[t] = run.tokens.logRatio(t)
    }
  }

  func differentiate(
    _ row: Row, of token: WantedToken, _ frozen: Frozen,
    _ gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    gradient[row.token] += Float(token.coefficient)
    return Double(token.oldBytes.loadUnaligned(as: Int32.self) + Int32(frozen.names.count))
  }
}

/// Leaves out all it can.
struct Plain: EntropyIntervention {
  struct Configuration: PluginConfiguration {}
  static let id = "org.example.plain"
  static let version = "1.0.0"
  static let summary = "Asks for rows, and does not differentiate them."
  init(_ configuration: Configuration, host: Host) {}
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    shaping.want(0)
  }
}
