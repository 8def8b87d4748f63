/// A natural number as machine words, the least significant first, without leading zeros.
struct Magnitude: Hashable, Sendable {
  private(set) var limbs: [UInt]

  init(_ limbs: [UInt]) {
    self.limbs = limbs
    trim()
  }

  /// Reads decimal digits, 18 at a time.
  init(digits: some Collection<UInt8>) {
    limbs = []
    limbs.reserveCapacity(digits.count / 19 + 1)
    var (chunk, scale, count): (UInt, UInt, Int) = (0, 1, 0)
    for digit in digits {
      chunk = chunk * 10 + UInt(digit & 15)
      scale *= 10
      count += 1
      if count == 18 {
        multiplyAdd(scale, chunk)
        (chunk, scale, count) = (0, 1, 0)
      }
    }
    if count > 0 { multiplyAdd(scale, chunk) }
  }

  var bits: Int {
    guard let top = limbs.last else { return 0 }
    return limbs.count * UInt.bitWidth - top.leadingZeroBitCount
  }

  private mutating func trim() {
    while limbs.last == 0 { limbs.removeLast() }
  }

  /// `self = self * factor + summand`
  private mutating func multiplyAdd(_ factor: UInt, _ summand: UInt) {
    var carry = summand
    for index in limbs.indices {
      let (high, low) = limbs[index].multipliedFullWidth(by: factor)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      limbs[index] = sum
      carry = high &+ (overflow ? 1 : 0)
    }
    if carry != 0 { limbs.append(carry) }
  }

  static func < (a: Magnitude, b: Magnitude) -> Bool {
    if a.limbs.count != b.limbs.count { return a.limbs.count < b.limbs.count }
    for index in a.limbs.indices.reversed() where a.limbs[index] != b.limbs[index] {
      return a.limbs[index] < b.limbs[index]
    }
    return false
  }

  static func + (a: Magnitude, b: Magnitude) -> Magnitude {
    let (long, short) = a.limbs.count < b.limbs.count ? (b.limbs, a.limbs) : (a.limbs, b.limbs)
    var sum = long
    var carry = false
    for index in long.indices {
      if index >= short.count && !carry { break }
      let (first, overflow) = long[index].addingReportingOverflow(
        index < short.count ? short[index] : 0)
      let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
      sum[index] = second
      carry = overflow || again
    }
    if carry { sum.append(1) }
    return Magnitude(sum)
  }

  /// - Precondition: `a` is at least `b`.
  static func - (a: Magnitude, b: Magnitude) -> Magnitude {
    var difference = a.limbs
    var borrow = false
    for index in difference.indices {
      if index >= b.limbs.count && !borrow { break }
      let (first, overflow) = difference[index].subtractingReportingOverflow(
        index < b.limbs.count ? b.limbs[index] : 0)
      let (second, again) = first.subtractingReportingOverflow(borrow ? 1 : 0)
      difference[index] = second
      borrow = overflow || again
    }
    return Magnitude(difference)
  }

  static func * (a: Magnitude, b: Magnitude) -> Magnitude {
    guard !a.limbs.isEmpty, !b.limbs.isEmpty else { return Magnitude([]) }
    var product = [UInt](repeating: 0, count: a.limbs.count + b.limbs.count)
    product.withUnsafeMutableBufferPointer { product in
      for (i, x) in a.limbs.enumerated() {
        var carry: UInt = 0
        for (j, y) in b.limbs.enumerated() {
          let (high, low) = x.multipliedFullWidth(by: y)
          let (first, overflow) = product[i + j].addingReportingOverflow(low)
          let (second, again) = first.addingReportingOverflow(carry)
          product[i + j] = second
          carry = high &+ (overflow ? 1 : 0) &+ (again ? 1 : 0)
        }
        product[i + b.limbs.count] = carry
      }
    }
    return Magnitude(product)
  }

  func shifted(left places: Int) -> Magnitude {
    guard !limbs.isEmpty, places > 0 else { return self }
    let (words, bits) = places.quotientAndRemainder(dividingBy: UInt.bitWidth)
    var shifted = [UInt](repeating: 0, count: words) + limbs
    guard bits > 0 else { return Magnitude(shifted) }
    var carry: UInt = 0
    for index in words..<shifted.count {
      let limb = shifted[index]
      shifted[index] = limb << UInt(bits) | carry
      carry = limb >> UInt(UInt.bitWidth - bits)
    }
    shifted.append(carry)
    return Magnitude(shifted)
  }

  /// Knuth, The Art of Computer Programming, volume 2, section 4.3.1, algorithm D.
  ///
  /// - Precondition: `divisor` is not zero.
  func divided(by divisor: Magnitude) -> (quotient: Magnitude, remainder: Magnitude) {
    if self < divisor { return (Magnitude([]), self) }
    if divisor.limbs.count == 1 { return divided(by: divisor.limbs[0]) }
    let shift = divisor.limbs.last!.leadingZeroBitCount
    let low = divisor.shifted(left: shift).limbs
    var rest = shifted(left: shift).limbs
    if rest.count == limbs.count { rest.append(0) }
    let size = low.count
    let (top, next) = (low[size - 1], low[size - 2])
    var quotient = [UInt](repeating: 0, count: rest.count - size)
    for place in quotient.indices.reversed() {
      let head = rest[place + size]
      var (guess, left, fits) = (UInt.max, UInt(0), true)
      if head >= top {
        let (sum, overflow) = rest[place + size - 1].addingReportingOverflow(top)
        (left, fits) = (sum, !overflow)
      } else {
        (guess, left) = top.dividingFullWidth((head, rest[place + size - 1]))
      }
      while fits {
        let (high, product) = guess.multipliedFullWidth(by: next)
        guard (high, product) > (left, rest[place + size - 2]) else { break }
        guess -= 1
        let (sum, overflow) = left.addingReportingOverflow(top)
        (left, fits) = (sum, !overflow)
      }
      if Self.subtract(guess, times: low, from: &rest, at: place) {
        guess -= 1
        Self.addBack(low, to: &rest, at: place)
      }
      quotient[place] = guess
    }
    return (Magnitude(quotient), Magnitude(rest).shifted(right: shift))
  }

  private func divided(by divisor: UInt) -> (quotient: Magnitude, remainder: Magnitude) {
    var quotient = limbs
    var rest: UInt = 0
    for index in quotient.indices.reversed() {
      (quotient[index], rest) = divisor.dividingFullWidth((rest, quotient[index]))
    }
    return (Magnitude(quotient), Magnitude([rest]))
  }

  /// Divides by two to the power of fewer places than a word has.
  private func shifted(right places: Int) -> Magnitude {
    guard places > 0 else { return self }
    var shifted = limbs
    for index in shifted.indices {
      let above = index + 1 < limbs.count ? limbs[index + 1] : 0
      shifted[index] = limbs[index] >> UInt(places) | above << UInt(UInt.bitWidth - places)
    }
    return Magnitude(shifted)
  }

  /// - Returns: true where the difference would be negative; the words then hold it modulo 2^n.
  private static func subtract(
    _ factor: UInt, times limbs: [UInt], from rest: inout [UInt], at place: Int
  ) -> Bool {
    var carry: UInt = 0
    var borrow = false
    for index in 0...limbs.count {
      let (high, low) =
        index < limbs.count ? limbs[index].multipliedFullWidth(by: factor) : (0, 0)
      let (product, overflow) = low.addingReportingOverflow(carry)
      carry = high &+ (overflow ? 1 : 0)
      let (first, under) = rest[place + index].subtractingReportingOverflow(product)
      let (second, again) = first.subtractingReportingOverflow(borrow ? 1 : 0)
      rest[place + index] = second
      borrow = under || again
    }
    return borrow
  }

  private static func addBack(_ limbs: [UInt], to rest: inout [UInt], at place: Int) {
    var carry = false
    for index in 0...limbs.count {
      let (first, overflow) = rest[place + index].addingReportingOverflow(
        index < limbs.count ? limbs[index] : 0)
      let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
      rest[place + index] = second
      carry = overflow || again
    }
  }
}
