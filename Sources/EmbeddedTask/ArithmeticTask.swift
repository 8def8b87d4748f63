import Tensors

/// The task of the model that ships with temper: chains of arithmetic, made from a seed.
///
/// A model of a tenth of a million to three million parameters can be taught it by reward in
/// minutes, because visible working makes it easy and guessing does not. docs/embedded-task.md
/// tells the whole story.
public struct ArithmeticTask: Sendable {
  public enum Split: String, CaseIterable, Sendable { case train, test }

  /// Numbers in a chain, in `2...12`.
  public let numbers: Int
  /// Numbers are drawn from `1...largest`; at most 99.
  public let largest: Int
  let random: CounterRandom

  /// - Throws: ``EmbeddedTaskError`` for sizes outside their range.
  public init(numbers: Int = 4, largest: Int = 9, seed: UInt64 = 0) throws(EmbeddedTaskError) {
    guard (2...12).contains(numbers) else { throw .numbers(numbers) }
    guard (1...99).contains(largest) else { throw .largest(largest) }
    (self.numbers, self.largest) = (numbers, largest)
    random = CounterRandom(seed: seed, purpose: .generator)
  }

  /// Chains of `split`, each at most once, in an order that the seed decides.
  ///
  /// - Throws: ``EmbeddedTaskError/count(_:available:)`` if there are hardly so many: drawing
  ///   without repetition is slow towards the end, so half of what exists is the limit.
  public func problems(_ count: Int, split: Split) throws(EmbeddedTaskError) -> Problems {
    let available = available(in: split) / 2
    guard (0...available).contains(count) else { throw .count(count, available: available) }
    return Problems(task: self, split: split, count: count)
  }

  public struct Problems: Sequence, IteratorProtocol {
    let task: ArithmeticTask
    let split: Split
    let count: Int
    private var seen: Set<ArithmeticChain> = []
    private var index = 0

    init(task: ArithmeticTask, split: Split, count: Int) {
      (self.task, self.split, self.count) = (task, split, count)
    }

    public mutating func next() -> ArithmeticChain? {
      while seen.count < count {
        let chain = task.chain(index, of: split, stream: .problems)
        index += 1
        if seen.insert(chain).inserted { return chain }
      }
      return nil
    }
  }

  // MARK: Drawing

  /// What chains are drawn for; the same index gives other chains in another stream.
  enum Stream: Int { case problems, demonstrations }

  /// The chain number `index` of a split: the first of its draws that belongs there.
  func chain(_ index: Int, of split: Split, stream: Stream) -> ArithmeticChain {
    for attempt in 0... {
      let draw = ArithmeticChain(
        numbers: (0..<numbers).map {
          1 + random.integer(below: largest, index, attempt, $0, stream.rawValue)
        },
        operators: (0..<numbers - 1).map {
          let choice = random.integer(below: 3, index, attempt, numbers + $0, stream.rawValue)
          return ArithmeticChain.Operator.allCases[choice]
        })
      if Self.split(of: draw) == split { return draw }
    }
    fatalError("unreachable: every split has a share of all chains")
  }

  /// The side of the fence on which a chain stands, whatever the seed: one in 16 is for test.
  public static func split(of chain: ArithmeticChain) -> Split {
    EmbeddedTask.split(of: chain.problem, oneIn: 16)
  }

  /// About how many different chains a split has.
  private func available(in split: Split) -> Int {
    var chains = 1.0
    for _ in 0..<numbers { chains *= Double(largest) }
    for _ in 1..<numbers { chains *= 3 }
    return Int(min(chains * (split == .test ? 1 : 15) / 16, 1e15))
  }
}

/// What the generator refuses.
public enum EmbeddedTaskError: Error, Equatable, CustomStringConvertible {
  case numbers(Int)
  case largest(Int)
  case count(Int, available: Int)
  case mix(String, reason: String)
  /// A setting out of its range.
  case setting(String, value: String, range: String)

  static func setting(_ name: String, _ value: some CustomStringConvertible, _ range: String)
    -> EmbeddedTaskError
  {
    .setting(name, value: value.description, range: range)
  }

  public var description: String {
    switch self {
    case .numbers(let numbers):
      "a chain of \(numbers) numbers; give 2 to 12"
    case .largest(let largest):
      "numbers up to \(largest); give 1 to 99"
    case .count(let count, let available):
      """
      \(count) different problems; with these sizes there are at most \(available) to give. \
      Ask for fewer, or for longer chains or larger numbers
      """
    case .setting(let name, let value, let range):
      "'\(name)' is \(value); give \(range)"
    case .mix(let text, let reason):
      "'\(text)': \(reason); write the shares as hasty=0.6,sloppy=0.1,careful=0.3"
    }
  }
}
