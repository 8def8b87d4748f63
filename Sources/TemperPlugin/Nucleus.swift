import Glibc

/// The most probable symbols of a row: as many as it takes for their probabilities to reach a mass
/// (top-p). Of equally probable symbols the lower id comes first.
public struct Nucleus {
  public struct Member {
    public let id: Int
    public let logprob: Float
    public let probability: Double

    func ranks(before other: Member) -> Bool {
      logprob != other.logprob ? logprob > other.logprob : id < other.id
    }
  }

  /// In no order.
  public let members: ArraySlice<Member>
  /// What their probabilities come to.
  public let mass: Double
  public let logMass: Double
  /// Nats, of the members' probabilities divided by their mass; 0 where there is no member.
  public let entropy: Double

  /// - Parameters:
  ///   - reaching: the mass.
  ///   - atMost: members, whether or not they reach it.
  ///   - withCrossing: the symbol with which the mass is reached is a member.
  public init(of row: Row, reaching: Double, atMost: Int, withCrossing: Bool) {
    // Rows come in Float: what is a millionth short of the mass has reached it.
    let mass = reaching - 1e-6
    var candidates = Self.candidates(row, mass)
    let count = candidates.moveNucleusToFront(
      reaching: mass, atMost: atMost, withCrossing: withCrossing)
    members = candidates[..<count]
    self.mass = members.reduce(0) { $0 + $1.probability }
    logMass = log(self.mass)
    let mean = members.reduce(0) { $0 + $1.probability * Double($1.logprob) } / self.mass
    // One symbol has none, to the last bit: rows that are alike must tie.
    entropy = count > 1 ? max(logMass - mean, 0) : 0
  }

  /// The symbols within so many nats of the first that their probabilities reach `mass`, by id:
  /// mostly a few hundred of a vocabulary of 150,000.
  private static func candidates(_ row: Row, _ mass: Double) -> [Member] {
    let largest = row.largest
    var candidates: [Member] = []
    for depth: Float in [4, 8, 16, .infinity] {
      candidates.removeAll(keepingCapacity: true)
      var sum = 0.0
      row.forEach(atLeast: max(largest - depth, -.greatestFiniteMagnitude)) { id, logprob in
        let member = Member(id: id, logprob: logprob, probability: exp(Double(logprob)))
        candidates.append(member)
        sum += member.probability
      }
      if sum >= mass { break }
    }
    return candidates
  }
}

extension [Nucleus.Member] {
  /// Selects as quickselect does, by mass in place of rank: time grows with the count alone.
  ///
  /// - Returns: how many members stand in front.
  fileprivate mutating func moveNucleusToFront(
    reaching mass: Double, atMost: Int, withCrossing: Bool
  ) -> Int {
    var (low, high) = (0, count)
    var sum = 0.0  // of what stands before `low`, all of it members
    while low < high {
      let pivot = partition(low..<high)
      let before = self[low..<pivot].reduce(sum) { $0 + $1.probability }
      let through = before + self[pivot].probability
      if before >= mass || pivot >= atMost {
        high = pivot
      } else if through >= mass {
        return withCrossing ? pivot + 1 : pivot
      } else {
        (low, sum) = (pivot + 1, through)
      }
    }
    return low
  }

  /// Moves what ranks before the middle element of the range in front of it, the rest behind.
  ///
  /// - Returns: where that element then is.
  private mutating func partition(_ range: Range<Int>) -> Int {
    let last = range.upperBound - 1
    swapAt((range.lowerBound + range.upperBound) / 2, last)
    var place = range.lowerBound
    for index in range.lowerBound..<last where self[index].ranks(before: self[last]) {
      swapAt(index, place)
      place += 1
    }
    swapAt(place, last)
    return place
  }
}
