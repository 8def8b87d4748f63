import EntropyControl
import JSON

/// An entropy intervention to be checked, however it is made.
public struct InterventionSubject {
  public let name: String
  /// The library's description, read anew at each call.
  let describe: () throws -> String
  let defaults: JSONLiteral
  let configuration: JSONLiteral
  let make: (_ configuration: JSONLiteral, _ seed: UInt64) throws -> any EntropyIntervention

  /// - Parameters:
  ///   - describe: what a scan of the library says of the plugin, anew at each call.
  ///   - defaults: an object, every key with its default.
  ///   - configuration: the keys that the checks are done with, over the defaults.
  ///   - make: a fresh instance; throws where it refuses the keys.
  public init(
    name: String, describe: @escaping () throws -> String, defaults: JSONLiteral = .object([]),
    configuration: JSONLiteral = .object([]),
    make:
      @escaping (_ configuration: JSONLiteral, _ seed: UInt64) throws ->
      any EntropyIntervention
  ) {
    (self.name, self.describe, self.defaults) = (name, describe, defaults)
    (self.configuration, self.make) = (configuration, make)
  }
}

/// Holds an intervention against its contract: what it accepts, that its gradients are those of
/// what it adds, and that nothing changes its numbers that must not.
///
/// - Parameters:
///   - report: of the plugins checked before.
///   - say: takes a line as soon as there is one.
public func checkIntervention(
  _ subject: InterventionSubject, into report: CheckReport = CheckReport(what: "plugin"),
  say: @escaping (String) -> Void = { _ in }
) -> CheckReport {
  var run = PluginCheckRun(plugin: subject.name, into: report, say: say)
  let make = { (seed: UInt64) in try subject.make(subject.configuration, seed) }
  let configurations = PluginConfigurations(
    describe: subject.describe, defaults: subject.defaults, configuration: subject.configuration,
    make: { _ = try subject.make($0, 0) })
  guard configurations.check(&run) else { return run.finished() }
  PluginDegenerateSteps(make: { try make(0) }).check(&run)

  let small = (0..<6).map { PluginStep(seed: 1, index: $0) }
  let other = (0..<6).map { PluginStep(seed: 3, index: $0) }
  let large = (0..<4).map { PluginStep(seed: 2, index: $0, size: .large) }
  run.checkRows([small, large], make)
  run.checkGradients([small, other, large], make)
  PluginInvariances(runs: [small, large], make: make).check(&run)
  return run.finished()
}

extension PluginCheckRun {
  fileprivate mutating func checkRows(
    _ runs: [[PluginStep]], _ make: (UInt64) throws -> any EntropyIntervention
  ) {
    check("finite", "all numbers are finite, and rows of gradient sum to 0") {
      for steps in runs {
        let trial = try PluginTrial(try make(0))
        for step in steps {
          if let why = try trial.outcome(step).fault { return .failed("\(step.title): \(why)") }
        }
      }
      return .passed()
    }
  }

  /// Finite differences at every point of small runs and at some of a large step's.
  fileprivate mutating func checkGradients(
    _ runs: [[PluginStep]], _ make: (UInt64) throws -> any EntropyIntervention
  ) {
    var differences = FiniteDifferences()
    var constants = ConstantTerms()
    var failure: (any Error)?
    do {
      var draws = Draws(seed: 4)
      for (seed, steps) in runs.enumerated() {
        let trial = try PluginTrial(try make(UInt64(seed)))
        for step in steps {
          let prepared = try trial.prepare(step)
          try differences.compare(prepared, tokens: try prepared.interestingTokens(limit: 24))
          try constants.walk(prepared, &draws)
        }
      }
    } catch { failure = error }
    for part in PluginGradient.Part.allCases {
      check(part.check, "the gradient of \(part.what) matches central differences") {
        if let failure { throw failure }
        return differences.finding(part)
      }
    }
    check("constant-terms", "no term is reported that training cannot see") {
      if let failure { throw failure }
      return constants.finding
    }
  }
}

extension PreparedPluginStep {
  /// Up to `limit` trained tokens, those first where the intervention does something.
  fileprivate func interestingTokens(limit: Int) throws -> [Int] {
    let additions = try prepared.additions(batch)
    let trained = batch.mask.indices.filter { batch.mask[$0] != 0 }
    func isTouched(_ t: Int) -> Bool {
      prepared.wants(t) || additions.phi[t] != 0 || additions.dLogprob[t] != 0
        || additions.dEntropy[t] != 0 || prepared.shaping.weights[t] != 1
    }
    // Evenly over the step, rather than its first sequences.
    func spread(_ tokens: [Int], _ count: Int) -> [Int] {
      guard tokens.count > count, count > 0 else { return Array(tokens.prefix(count)) }
      return (0..<count).map { tokens[$0 * tokens.count / count] }
    }
    let first = spread(trained.filter(isTouched), limit)
    return first + spread(trained.filter { !isTouched($0) }, limit - first.count)
  }
}
