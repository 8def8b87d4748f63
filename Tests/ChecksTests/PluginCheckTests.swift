import EntropyControl
import Foundation
import JSON
import Testing
import Trajectories

@testable import Checks

/// `checkIntervention` on interventions that are right, and on the same ones broken.
struct PluginCheckTests {
  /// The names of the checks that fail, and all that was said.
  private func failures(
    _ configure: @escaping (ScriptedIntervention) -> Void
  ) -> (names: Set<String>, text: String) {
    failures { _, _ in ScriptedIntervention(configure) }
  }

  private func failures(
    make: @escaping (JSONLiteral, UInt64) throws -> any EntropyIntervention
  ) -> (names: Set<String>, text: String) {
    var text: [String] = []
    let report = checkIntervention(
      InterventionSubject(
        name: "scripted", describe: { "scripted" }, defaults: ["strength": 1],
        make: { keys, seed in
          guard keys["no_such_key"] == nil, keys["strength"] != "a word" else {
            throw CheckError("refused")
          }
          return try make(keys, seed)
        })
    ) { text.append($0) }
    let names = report.differ.map { String($0.split(separator: " ").last!) }
    return (Set(names), text.joined(separator: "\n"))
  }

  // MARK: A bonus on entropy, held by a band around its history

  private enum BandFlaw { case none, sign, constant, perRun, leak, forgets, frozenConstant }

  private func band(_ flaw: BandFlaw) -> (ScriptedIntervention) -> Void {
    { band in
      band.memory = [0, 0]
      band.saves = flaw != .forgets
      band.onPrepare = { band, _, batch, _, _, _ in
        band.frozen = [band.memory[1] > 0 ? band.memory[0] / band.memory[1] : 0]
        let masked = batch.entropies.reduce(0) { $0 + Double($1) } / Double(max(1, batch.count))
        band.memory[0] += flaw == .leak ? masked : batch.meanEntropy
        band.memory[1] += 1
        return []
      }
      band.onEvaluate = { band, run, t in
        let mean = flaw == .perRun ? run.meanEntropy : band.frozen[0]
        let excess = Double(run.entropies[t]) - 1.1 * mean
        guard mean > 0, excess > 0 else { return (0, 0, 0) }
        switch flaw {
        case .constant: return (0.1, 0, 0)
        case .frozenConstant: return (0.1 * band.memory[0], 0, 0)
        case .sign: return (0.1 * excess, 0, -0.1)
        default: return (0.1 * excess, 0, 0.1)
        }
      }
    }
  }

  @Test func aRightInterventionPasses() {
    let found = failures(band(.none))
    #expect(found.names == [], "\(found.text)")
    #expect(found.text.contains("without them the steps come out differently"))
  }

  @Test func aWrongSignIsCaughtThoughTheTermIsSmall() {
    let found = failures(band(.sign))
    #expect(found.names.contains("gradient-evaluate"))
    #expect(found.text.contains("the gradient has the wrong sign"), "\(found.text)")
  }

  @Test(arguments: [true, false])
  func aConstantPenaltyIsNamed(isRecomputed: Bool) {
    let found = failures(band(isRecomputed ? .constant : .frozenConstant))
    #expect(found.names.contains("constant-terms"), "\(found.text)")
    #expect(found.text.contains("a constant as far as training goes"))
  }

  /// The smoothing penalty as published, inside of a bonus that does have a slope.
  @Test func aConstantPenaltyBesideABonusIsNamed() {
    let found = failures { epo in
      epo.onEvaluate = { _, run, t in
        let entropy = Double(run.entropies[t])
        let penalty = (0.8...1.2).contains(entropy) ? 0 : 0.1
        return (-0.001 * (entropy - penalty), 0, -0.001)
      }
    }
    #expect(found.names.contains("constant-terms"), "\(found.text)")
    #expect(found.text.contains("a constant as far as training goes"))
  }

  @Test func aStatisticOfARunIsCaught() {
    #expect(failures(band(.perRun)).names.contains("split"))
  }

  @Test func aLeakThroughTheMaskIsCaught() {
    #expect(failures(band(.leak)).names == ["mask"])
  }

  @Test func stateThatIsNotSavedIsCaught() {
    let found = failures(band(.forgets))
    #expect(found.names == ["state"])
    #expect(found.text.contains("saves no state"))
  }

  // MARK: A pull of whole rows towards even ones

  private enum RowFlaw { case none, sign, constant, notCentered, observed, threads }

  /// KL(uniform || p), whose gradient is p - 1/V, on tokens whose most likely id is likely.
  private func rows(_ flaw: RowFlaw) -> (ScriptedIntervention) -> Void {
    { rows in
      rows.needs.oldRows = true
      rows.needs.observed = 1
      rows.onObserve = { [$0.logprobs.max()!] }
      rows.onPrepare = { rows, _, batch, _, _, observed in
        if flaw == .observed { rows.frozen = [Double(observed.old!.values.max() ?? 0)] }
        return batch.mask.indices.map { batch.mask[$0] != 0 && observed.old!.values[$0] > -0.7 }
      }
      rows.onDifferentiate = { rows, row, _, coefficient in
        if flaw == .threads { rows.frozen = row.logprobs.map { Double($0) } }
        let logprobs = flaw == .threads ? rows.frozen : row.logprobs.map { Double($0) }
        let even = 1 / Double(logprobs.count)
        var strength = 0.3 * coefficient
        if flaw == .observed { strength *= rows.frozen[0] }
        let loss = logprobs.reduce(0) { $0 + even * (log(even) - $1) }
        let gradient = logprobs.map { logprob in
          switch flaw {
          case .sign: even - exp(logprob)
          case .constant: 0.0
          case .notCentered: exp(logprob)
          default: exp(logprob) - even
          }
        }
        return (strength * loss, gradient.map { strength * $0 })
      }
    }
  }

  @Test func aRightRowMethodPasses() {
    let found = failures(rows(.none))
    #expect(found.names == [], "\(found.text)")
    #expect(found.text.contains("passed   gradient-rows"))
  }

  @Test func brokenRowMethodsAreCaught() {
    let sign = failures(rows(.sign))
    #expect(sign.names.contains("gradient-rows"))
    #expect(sign.text.contains("the gradient has the wrong sign"), "\(sign.text)")
    #expect(failures(rows(.constant)).names.isSuperset(of: ["gradient-rows", "constant-terms"]))
    #expect(failures(rows(.notCentered)).names.isSuperset(of: ["finite", "gradient-rows"]))
    #expect(failures(rows(.observed)).names == ["mask"])
  }

  // MARK: No false alarms

  /// At the first update the absolute value bends exactly where the policy stands.
  @Test func anAbsoluteValueThatBendsAtTheOldPolicyPasses() {
    let found = failures { distance in
      distance.onEvaluate = { _, run, t in
        let moved = Double(run.logprobs[t] - run.oldLogprobs[t])
        return (abs(moved), moved > 0 ? 1 : moved < 0 ? -1 : 0, 0)
      }
    }
    #expect(found.names == [], "\(found.text)")
    #expect(found.text.contains("more left out where a selection flips"))
  }

  @Test func weightsAndClipBoundsPass() {
    let found = failures { weights in
      weights.needs.stage = .weights
      weights.onPrepare = { _, _, batch, shaping, _, _ in
        for t in batch.mask.indices where batch.mask[t] != 0 {
          shaping.weights[t] = exp(-abs(batch.advantages[t]))
          shaping.clipHigh[t] = 9
        }
        return []
      }
    }
    #expect(found.names == [], "\(found.text)")
    #expect(found.text.contains("nothing is added token by token"))
  }

  @Test func aDrawByTheRunsSeedIsNotedAndNotBlamed() {
    let found = failures { _, seed in
      ScriptedIntervention { draw in
        draw.onPrepare = { _, step, batch, shaping, _, _ in
          for t in batch.mask.indices {
            let drawn = (UInt64(t) &+ seed &+ UInt64(step.step)) &* 0x9E37_79B9_7F4A_7C15
            shaping.weights[t] = drawn >> 63 == 0 ? 1 : 0
          }
          return []
        }
      }
    }
    #expect(found.names == [], "\(found.text)")
    #expect(found.text.contains("it draws by the run's seed"))
  }

  // MARK: The contract

  @Test func numbersThatAreNotFiniteAreCaught() {
    let found = failures { ratio in
      ratio.onEvaluate = { _, run, t in (1 / Double(run.advantages[t]), 0, 0) }
    }
    #expect(found.names.isSuperset(of: ["zero-advantage", "tied-groups"]), "\(found.text)")
  }

  @Test func whatAcceptsEverythingIsCaught() {
    var text: [String] = []
    let report = checkIntervention(
      InterventionSubject(
        name: "open", describe: { "\(text.count)" }, defaults: ["rate": 0.5, "unset": nil],
        make: { _, _ in ScriptedIntervention { _ in } })
    ) { text.append($0) }
    #expect(report.differ == ["open: unknown-key", "open: wrong-type"])
    #expect(report.exitCode == 1)
  }

  @Test func whatCannotBeMadeIsCheckedNoFurther() {
    let report = checkIntervention(
      InterventionSubject(name: "none", describe: { "" }) { _, _ in throw CheckError("no file") })
    #expect(report.differ == ["none: defaults"])
    #expect(report.cases == 2)
  }

  @Test func theObjectHoldsEveryCheck() throws {
    let report = checkIntervention(
      InterventionSubject(name: "none", describe: { "" }) { _, _ in throw CheckError("no file") })
    let checks = try JSON(parsing: report.json.serialized())["checks"].requireArray()
    #expect(checks.map { $0["check"].string } == ["description", "defaults"])
    #expect(checks.map { $0["result"].string } == ["passed", "failed"])
    #expect(checks[1]["detail"].string == "no file")
  }
}
