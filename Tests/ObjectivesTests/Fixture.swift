import Objectives

/// Logits with their batch: what an objective's value is a function of when it is differentiated.
struct Fixture {
  /// `[N][V]`
  var logits: [[Double]]
  var tokens: [Int]
  var temperature = 1.0
  var columns: TokenColumns

  /// A batch of `lengths.count` sequences whose ratios spread over both sides of the clip range.
  init(lengths: [Int], vocabulary: Int = 5, seed: UInt64 = 1, temperature: Double = 1) {
    var random = SplitMix(state: seed)
    let count = lengths.reduce(0, +)
    logits = (0..<count).map { _ in (0..<vocabulary).map { _ in random.next(in: -2...2) } }
    tokens = (0..<count).map { _ in Int(random.next(in: 0...1) * Double(vocabulary - 1)) }
    self.temperature = temperature
    var offsets = [0]
    for length in lengths { offsets.append(offsets.last! + length) }
    let current = zip(logits, tokens).map {
      TokenDistribution(logits: $0, temperature: temperature).logprobs[$1]
    }
    columns = TokenColumns(
      offsets: offsets, mask: (0..<count).map { _ in random.next(in: 0...1) < 0.85 ? 1 : 0 },
      advantages: (0..<count).map { _ in random.next(in: -1.5...1.5) }, logprobs: current,
      oldLogprobs: current.map { $0 + random.next(in: -0.7...0.7) },
      referenceLogprobs: current.map { $0 + random.next(in: -1...1) })
    columns.behaviourLogprobs = columns.oldLogprobs.map { $0 + random.next(in: -0.5...0.5) }
  }

  /// The columns as these logits give them; everything else stays.
  func columns(at logits: [[Double]]) -> TokenColumns {
    var columns = columns
    columns.logprobs = zip(logits, tokens).map {
      TokenDistribution(logits: $0, temperature: temperature).logprobs[$1]
    }
    return columns
  }

  func loss(_ objective: PolicyObjective, at logits: [[Double]]) -> Double {
    let columns = columns(at: logits)
    let denominators = StepDenominators(offsets: columns.offsets, mask: columns.mask)
    return objective.terms(columns, denominators: denominators).total
  }

  /// `[N][V]` the gradient of the loss in the logits.
  func gradient(_ objective: PolicyObjective) -> [[Double]] {
    let denominators = StepDenominators(offsets: columns.offsets, mask: columns.mask)
    let slopes = objective.terms(columns, denominators: denominators).dLogprob
    return logits.indices.map { t in
      TokenDistribution(logits: logits[t], temperature: temperature)
        .dLogits(token: tokens[t], dLogprob: slopes[t], dEntropy: 0)
    }
  }

  /// The sequences `range` alone.
  func sequences(_ range: Range<Int>) -> TokenColumns {
    let offsets = columns.offsets
    let part = offsets[range.lowerBound]..<offsets[range.upperBound]
    return TokenColumns(
      offsets: offsets[range.lowerBound...range.upperBound].map { $0 - part.lowerBound },
      mask: Array(columns.mask[part]), advantages: Array(columns.advantages[part]),
      logprobs: Array(columns.logprobs[part]), oldLogprobs: Array(columns.oldLogprobs[part]),
      behaviourLogprobs: columns.behaviourLogprobs.map { Array($0[part]) },
      referenceLogprobs: columns.referenceLogprobs.map { Array($0[part]) })
  }
}

/// Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators".
struct SplitMix {
  var state: UInt64

  mutating func next(in range: ClosedRange<Double>) -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    let unit = Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }
}

/// Relative L2 distance of `a` from `b`.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let norm = b.reduce(0) { $0 + $1 * $1 }
  return norm == 0 ? difference.squareRoot() : (difference / norm).squareRoot()
}
