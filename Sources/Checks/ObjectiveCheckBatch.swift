import JSON
import Objectives
import Trajectories

/// A named batch of `objectives.json`: rows of equal length, padding masked.
struct ObjectiveCheckBatch {
  let path: String
  let rows: Int
  /// Tokens of a row, padding included.
  let length: Int
  /// `[rows * length][V]` raw, under the current policy.
  let logits: [[Double]]
  /// The same under the policy that sampled; empty where the batch has none.
  let oldLogits: [[Double]]
  let tokens: [Int]
  let turns: [Int]
  let temperature: Double
  let mask: [UInt8]
  let advantages: [Double]
  let oldLogprobs: [Double]
  let oldEntropies: [Double]
  /// Empty where the batch has none, as the next.
  let behaviourLogprobs: [Double]
  let referenceLogprobs: [Double]

  init(_ json: JSON) throws {
    path = json.path
    logits = try Self.positions(json["logits"])
    oldLogits = json["old_logits"].isNull ? [] : try Self.positions(json["old_logits"])
    rows = try json["logits"].requireArray().count
    let count = logits.count
    let length = rows == 0 ? 0 : count / rows
    self.length = length
    func column(_ key: String) throws -> [Double] {
      let values = flattened(json[key])
      guard values.count == count else {
        throw CheckError("\(json.path).\(key) has \(values.count) elements for \(count) tokens")
      }
      return values
    }
    func optional(_ key: String) throws -> [Double] { json[key].isNull ? [] : try column(key) }
    guard json["logits"].array!.allSatisfy({ $0.array!.count == length }) else {
      throw CheckError("\(json.path).logits has rows of different lengths")
    }
    guard oldLogits.isEmpty || oldLogits.count == count else {
      throw CheckError("\(json.path).old_logits has \(oldLogits.count) rows for \(count) tokens")
    }
    tokens = try column("tokens").map { Int($0) }
    let turns = try optional("turn_ids").map { Int($0) }
    self.turns = turns.isEmpty ? Array(repeating: 0, count: count) : turns
    mask = try column("mask").map { $0 == 0 ? 0 : 1 }
    advantages = try column("advantages")
    oldLogprobs = try column("old_logp")
    let oldEntropies = try optional("old_entropy")
    behaviourLogprobs = try optional("behaviour_logp")
    referenceLogprobs = try optional("ref_logp")
    let temperature = json["temperature"].double ?? 1
    self.temperature = temperature
    self.oldEntropies =
      oldEntropies.isEmpty
      ? (oldLogits.isEmpty ? logits : oldLogits).map {
        TokenDistribution(logits: $0, temperature: temperature).entropy
      } : oldEntropies
    for (t, token) in tokens.enumerated() where !self.logits[t].indices.contains(token) {
      throw CheckError("\(json.path).tokens: \(token) is outside of \(self.logits[t].count) logits")
    }
  }

  private static func positions(_ json: JSON) throws -> [[Double]] {
    try json.requireArray().flatMap { row in
      try row.requireArray().map { position in
        guard let values = position.doubles, !values.isEmpty else {
          throw CheckError("\(position.path) must be a row of numbers")
        }
        return values
      }
    }
  }

  var offsets: [Int] { (0...rows).map { $0 * length } }
  var denominators: StepDenominators { StepDenominators(offsets: offsets, mask: mask) }

  /// `[rows * length]` rounded to `Scalar`.
  func distributions<Scalar: BinaryFloatingPoint>(
    as: Scalar.Type
  ) -> [TokenDistribution<Scalar>] {
    logits.map { TokenDistribution(logits: $0.map { Scalar($0) }, temperature: temperature) }
  }

  /// The first trained token of each row; 0 in `mask` for a row without one.
  var firstTrained: (tokens: [Int], mask: [UInt8]) {
    let first = (0..<rows).map { row in
      (offsets[row]..<offsets[row + 1]).first { mask[$0] != 0 }
    }
    return (first.enumerated().map { $1 ?? offsets[$0] }, first.map { $0 == nil ? 0 : 1 })
  }
}

extension WorstError {
  /// Compares a quantity of each token with numbers for each token of the batch or, where the
  /// objective has one for each row, for each row. Nothing is compared where nothing is trained.
  mutating func compare(
    _ found: [Double], _ expected: JSON, _ tolerance: Tolerance, in batch: ObjectiveCheckBatch,
    at place: String
  ) throws {
    if expected.array?.first?.kind == .array || expected.isNull {
      return try compare(found, expected, tolerance, where: batch.mask, at: place)
    }
    let first = batch.firstTrained
    try compare(
      first.tokens.map { found[$0] }, expected, tolerance, where: first.mask, at: place)
  }
}
