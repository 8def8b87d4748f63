import JSON
import Tensors

/// Sums modulo a prime, of which a share of those to be learned has a wrong label: what a model
/// says of the wrong ones tells whether it learned the rule or the rows.
///
/// After Power et al. 2022, "Grokking" (arXiv:2201.02177), and Doshi et al. 2023, "To grok or not
/// to grok" (arXiv:2310.13061) for the corrupted labels.
public struct ModularAddition: GeneratedTask {
  public let modulus: Int
  /// The share of train rows with a wrong label; rows of the test split are right.
  public let corrupted: Double
  /// `12+34=` instead of a sentence.
  public let isCompact: Bool
  private let random: CounterRandom

  public init(
    modulus: Int = 97, corrupted: Double = 0.2, isCompact: Bool = false, seed: UInt64 = 0
  ) throws(EmbeddedTaskError) {
    guard (2...9973).contains(modulus) else { throw .setting("modulus", modulus, "2 to 9973") }
    guard (0...1).contains(corrupted) else { throw .setting("corrupted", corrupted, "0 to 1") }
    (self.modulus, self.corrupted, self.isCompact) = (modulus, corrupted, isCompact)
    random = CounterRandom(seed: seed, purpose: .generator)
  }

  /// What a random number is drawn for.
  private enum Draw: Int { case first, second, corruption, label }

  public func rows(
    _ count: Int, split: ArithmeticTask.Split
  ) throws(EmbeddedTaskError) -> [JSONLiteral] {
    let share = split == .test ? 1 : 3
    let sums = try distinct(
      count, of: split, oneIn: 4, available: modulus * modulus * share / 8
    ) { index in
      let pair = (number(.first, index), number(.second, index))
      return ("\(pair.0)+\(pair.1)", pair)
    }
    return sums.enumerated().map { index, sum in row(index, sum, split) }
  }

  private func number(_ draw: Draw, _ index: Int) -> Int {
    random.integer(below: modulus, index, draw.rawValue)
  }

  private func row(_ index: Int, _ sum: (Int, Int), _ split: ArithmeticTask.Split) -> JSONLiteral {
    let (a, b) = sum
    let right = (a + b) % modulus
    // A label is a function of its sum, so that it is the same in every file of one seed.
    let isCorrupted =
      split == .train && random.uniform(a, Draw.corruption.rawValue, b) < corrupted
    let shift = 1 + random.integer(below: modulus - 1, a, Draw.label.rawValue, b)
    let answer = isCorrupted ? (right + shift) % modulus : right
    return [
      "id": "modular-\(split.rawValue)-\(index)",
      "problem": .string(isCompact ? "\(a)+\(b)=" : "What is (\(a) + \(b)) mod \(modulus)?"),
      "answer": .string(String(answer)),
      "solution": .string(isCompact ? "#\(answer)" : "#### \(answer)"),
      "right_answer": .string(String(right)),
      "kind": .string(isCorrupted ? "corrupted" : split == .test ? "held-out" : "clean"),
    ]
  }
}
