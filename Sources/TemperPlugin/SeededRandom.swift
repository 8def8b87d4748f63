/// Random numbers that a seed decides, the same on every machine and in every version: SplitMix64
/// (Steele, Lea and Flood 2014).
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - Parameter stream: for several sequences of one seed.
  public init(seed: UInt64, stream: UInt64 = 0) {
    state = Self.mixed(seed) ^ Self.mixed(stream &+ 0x5851_F42D_4C95_7F2D)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  /// A number of a range; all are equally likely to within 2^-64 of the range's length.
  public mutating func number(in range: ClosedRange<Int>) -> Int {
    let length = range.upperBound - range.lowerBound + 1
    return range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(length)).high)
  }

  /// - Precondition: there is an element.
  public mutating func element<Element>(of elements: some Collection<Element>) -> Element {
    let index = number(in: 0...elements.count - 1)
    return elements[elements.index(elements.startIndex, offsetBy: index)]
  }

  /// The elements in a random order: Fisher and Yates.
  public mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    var elements = Array(elements)
    for last in elements.indices.dropFirst().reversed() {
      elements.swapAt(last, number(in: 0...last))
    }
    return elements
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
