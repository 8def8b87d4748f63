import Evaluation
import Foundation
import JSON

/// What one run of the arena gave.
public struct ArenaMeasurement: Sendable {
  /// Mean entropy of the sampled tokens in nats: of the first step, of the middle twentieth of the
  /// run and of its last twentieth.
  public let entropyStart, entropyMiddle, entropyEnd: Double
  public let gradientNormPeak: Double
  /// Seconds.
  public let timePerStep: Double
  public let greedy: Double
  /// By k.
  public let passAtK: [Int: Double]
  /// By metric name, step by step; NaN where a step has none.
  public let curves: [String: [Double]]

  /// Metrics whose curves are kept.
  public static let curveNames = [
    "policy/entropy", "reward/mean", "optimizer/grad_norm", "reward/tied",
  ]

  /// - Parameters:
  ///   - metrics: the run's `metrics.jsonl`.
  ///   - report: the evaluation of the model that it ended with.
  /// - Throws: ``ArenaError`` or `JSONError` where a file is not whole.
  public init(metrics: URL, report: URL) throws {
    var steps: [JSON] = []
    for (line, value) in try JSONLines(of: metrics) {
      do {
        steps.append(try value.get())
      } catch {
        throw ArenaError.unreadable("\(metrics.path):\(line): \(error)")
      }
    }
    func curve(_ name: String) -> [Double] { steps.map { $0[name].double ?? .nan } }
    let entropies = curve("policy/entropy").filter(\.isFinite)
    guard let first = entropies.first else {
      throw ArenaError.unreadable("\(metrics.path): no step has 'policy/entropy'")
    }
    let window = max(1, entropies.count / 20)
    let middle = (entropies.count - window) / 2
    entropyStart = first
    entropyMiddle = mean(entropies[middle..<middle + window])
    entropyEnd = mean(entropies.suffix(window))
    gradientNormPeak = curve("optimizer/grad_norm").filter(\.isFinite).max() ?? .nan
    timePerStep = mean(curve("time/step").filter(\.isFinite)[...])
    curves = Dictionary(uniqueKeysWithValues: Self.curveNames.map { ($0, curve($0)) })

    let evaluation = try EvaluationReport(contentsOf: report)
    guard let greedy = evaluation.greedy?.value else {
      throw ArenaError.unreadable("\(report.path): it has no greedy completions")
    }
    self.greedy = greedy
    passAtK = Dictionary(
      uniqueKeysWithValues: evaluation.ks.map { ($0, evaluation.pass(at: $0).value) })
  }

  /// The largest k of pass@k.
  public var largestK: Int { passAtK.keys.max() ?? 0 }

  /// What tuning chooses by: the mean of greedy accuracy and pass@k at the largest k, since a
  /// method may buy either with the other.
  public var score: Double {
    guard let pass = passAtK[largestK] else { return greedy }
    return (greedy + pass) / 2
  }
}

public enum ArenaError: Error, CustomStringConvertible {
  case unreadable(String)
  public var description: String {
    switch self {
    case .unreadable(let what): what
    }
  }
}

func mean(_ values: ArraySlice<Double>) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
func mean(_ values: [Double]) -> Double { mean(values[...]) }
