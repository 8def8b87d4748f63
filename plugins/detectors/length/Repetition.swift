/// The smallest period with which a completion ends: at least three of them, and at least `least`
/// tokens in all. `nil` where it ends in no repetition.
func repeatedTail(_ tokens: [Int32], period most: Int, least: Int) -> Int? {
  (1...max(most, 1)).first { period in
    let tail = max(3 * period, least)
    guard tail <= tokens.count else { return false }
    return (tokens.count - tail..<tokens.count - period).allSatisfy {
      tokens[$0] == tokens[$0 + period]
    }
  }
}

/// Different runs of four tokens over all; `nil` for a completion that is shorter.
func distinctShareOfFour(_ tokens: [Int32]) -> Double? {
  guard tokens.count >= 4 else { return nil }
  let runs = (0...tokens.count - 4).map {
    SIMD4(tokens[$0], tokens[$0 + 1], tokens[$0 + 2], tokens[$0 + 3])
  }
  return Double(Set(runs).count) / Double(runs.count)
}

/// Bytes over what they come to when runs that were there before are named by place and length: as
/// DEFLATE does it (RFC 1951), with 9 bits for a byte of its own and 24 for a run.
func compressionRatio(_ bytes: [UInt8]) -> Double {
  // The last place of each hash of three bytes; -1 for none.
  var last = [Int](repeating: -1, count: 1 << 12)
  func slot(_ place: Int) -> Int {
    let key =
      UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
    return Int(key &* 2_654_435_761 >> 20)
  }
  var (place, bits) = (0, 0)
  while place < bytes.count {
    var length = 0
    if place + 2 < bytes.count {
      let earlier = last[slot(place)]
      if earlier >= 0, place - earlier <= 1 << 15 {
        while length < 258, place + length < bytes.count,
          bytes[earlier + length] == bytes[place + length]
        { length += 1 }
      }
    }
    let step = length >= 3 ? length : 1
    bits += length >= 3 ? 24 : 9
    for covered in place..<place + step where covered + 2 < bytes.count {
      last[slot(covered)] = covered
    }
    place += step
  }
  return Double(8 * bytes.count) / Double(max(bits, 1))
}
