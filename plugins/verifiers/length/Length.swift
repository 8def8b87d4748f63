import TemperPlugin

/// A reward for the length of a completion alone.
struct Length: Verifier {
  struct Configuration: PluginConfiguration {
    var shape = Shape.overlong
    var unit = Unit.tokens
    /// The longest completion: `max_new_tokens` of the rollouts.
    var limit: Int?
    /// `overlong`: over how much before the limit the penalty grows; a fifth of it unless set.
    var buffer: Int?
    /// `brevity`: up to where the reward is whole; a quarter of the limit unless set.
    var target: Int?
    /// The penalty, or the reward, where it is largest.
    var factor: Float = 1
  }

  enum Unit: String, PluginChoice { case tokens, characters }

  static let id = "temper.length"
  static let version = "1.0.0"
  static let summary = "A penalty on overlong completions, or a reward for brief ones."

  let unit: Unit
  let curve: Curve
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    curve = try Curve(configuration)
    (unit, self.host) = (configuration.unit, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let length: Int
    switch unit {
    case .tokens: length = sample.tokens.count
    case .characters: length = sample.completion.count
    }
    guard length > 0 || sample.completion.isEmpty else {
      throw PluginError.invalidInput(
        "the completion came without its tokens; unit=characters counts characters")
    }
    let isWithin = length <= curve.free
    host.record("within", isWithin ? 1 : 0)
    let reward = curve.reward(of: length)
    return isWithin
      ? .right(reward: reward)
      : .wrong("\(length) \(unit.rawValue), \(length - curve.free) too many", reward: reward)
  }
}

/// How the reward depends on the length.
enum Shape: String, PluginChoice {
  /// Yu et al. 2025, "DAPO" (arXiv:2503.14476), section 3.4, equation 13: 0 up to `limit - buffer`,
  /// then falling in a line to -1 at `limit`, and -1 beyond. Here times `factor`.
  case overlong
  /// 1 up to `target`, then falling in a line to 0 at `limit`, and 0 beyond; times `factor`.
  case brevity
}

/// A reward that is flat up to a length, falls in a line to another, and is flat again.
struct Curve {
  /// The longest completion that costs nothing.
  let free: Int
  let limit: Int
  let first: Float
  let last: Float

  init(_ configuration: Length.Configuration) throws {
    guard let limit = configuration.limit, limit > 0 else {
      throw PluginError.invalidConfiguration(
        "'limit' is \(configuration.limit.map(String.init) ?? "missing"); "
          + "give the longest completion, for example limit=512")
    }
    guard configuration.factor >= 0 else {
      throw PluginError.invalidConfiguration(
        "'factor' is \(configuration.factor); use 0 or more; 1 is common")
    }
    self.limit = limit
    switch configuration.shape {
    case .overlong:
      let buffer = configuration.buffer ?? max(limit / 5, 1)
      guard (1...limit).contains(buffer) else {
        throw PluginError.invalidConfiguration(
          "'buffer' is \(buffer); use 1 to \(limit), the limit; a fifth of it is common")
      }
      (free, first, last) = (limit - buffer, 0, -configuration.factor)
    case .brevity:
      let target = configuration.target ?? limit / 4
      guard (0..<limit).contains(target) else {
        throw PluginError.invalidConfiguration(
          "'target' is \(target); use 0 to \(limit - 1), below the limit")
      }
      (free, first, last) = (target, configuration.factor, 0)
    }
  }

  func reward(of length: Int) -> Float {
    let way = Float(length - free) / Float(limit - free)
    return first + (last - first) * min(max(way, 0), 1)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Length.self) }
