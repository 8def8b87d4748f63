import TemperPlugin

/// Judges chained arithmetic modulo 100, working out the right answer from the problem itself.
struct Arithmetic: Verifier {
  struct Configuration: RewardConfiguration {
    /// The key of the row that holds the chain.
    var problem = "problem"
    /// The key of the row that holds the gold answer; it has to agree with the chain.
    var gold = "answer"
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.arithmetic"
  static let version = "1.0.0"
  static let summary = "Judges chained arithmetic modulo 100 that ends in '# rr'."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    (self.configuration, self.host) = (configuration, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let expected = try value(of: sample)
    let reply = Reply(sample.completion)
    host.record("working", reply.showsWorking ? 1 : 0)
    guard let answer = reply.answer else {
      return .unparsable("the completion does not end in '#' and two digits")
    }
    let isRight = answer == expected
    if reply.showsWorking { host.record("right_with_working", isRight ? 1 : 0) }
    return isRight
      ? .right(answer: twoDigits(answer))
      : .wrong("expected \(twoDigits(expected))", answer: twoDigits(answer))
  }

  /// What the row's chain comes to.
  /// - Throws: where the row has no chain, one that cannot be read, or a gold answer that differs.
  private func value(of sample: Sample) throws -> Int {
    guard let problem = try sample.field(configuration.problem) else {
      throw PluginError.invalidInput("the row has no '\(configuration.problem)'")
    }
    guard let value = chainValue(problem) else {
      throw PluginError.invalidInput("'\(problem)' is not a chain such as 7+5*3-2=")
    }
    guard let gold = try sample.field(configuration.gold) else {
      throw PluginError.invalidInput("the row has no '\(configuration.gold)'")
    }
    guard Int(gold) == value else {
      throw PluginError.invalidInput(
        "the row's '\(configuration.gold)' is '\(gold)', but \(problem) comes to \(twoDigits(value))"
      )
    }
    return value
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Arithmetic.self) }
