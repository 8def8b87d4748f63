import JSON

/// How far a number may be from the expected one.
struct Tolerance {
  let absolute: Double
  var relative = 0.0

  static let double = Tolerance(absolute: 1e-9, relative: 1e-9)
  static let float = Tolerance(absolute: 1e-4, relative: 1e-4)
  static let exact = Tolerance(absolute: 0)

  static func absolute(_ bound: Double) -> Tolerance { Tolerance(absolute: bound) }
}

/// The worst of a case's comparisons: its error divided by its tolerance, and where it was.
struct WorstError {
  private(set) var ratio = 0.0
  private(set) var detail = ""
  /// How many numbers were compared.
  private(set) var count = 0

  /// Compares two numbers; `place` is asked only when this is the worst so far.
  ///
  /// - Parameter expected: `nil` or NaN for an undefined number, which is not compared.
  mutating func compare(
    _ found: Double, _ expected: Double?, _ tolerance: Tolerance,
    at place: @autoclosure () -> String
  ) {
    guard let expected, !expected.isNaN else { return }
    count += 1
    let distance = abs(found - expected)
    let allowed = tolerance.absolute + tolerance.relative * abs(expected)
    let ratio = distance == 0 ? 0 : distance / allowed
    // A NaN never compares as larger, and it is the worst there is.
    guard !(ratio <= self.ratio) else { return }
    self.ratio = ratio.isNaN ? .infinity : ratio
    detail = "\(place()) is \(found), expected \(expected)"
  }

  /// Compares `found` with the numbers of a nested array, in their order.
  ///
  /// - Parameters:
  ///   - expected: null where the case does not have it.
  ///   - mask: 0 where nothing is compared; `nil` compares all.
  mutating func compare(
    _ found: [Double], _ expected: JSON, _ tolerance: Tolerance, where mask: [UInt8]? = nil,
    at place: String
  ) throws {
    if expected.isNull { return }
    let values = flattened(expected)
    guard values.count == found.count else {
      throw CheckError("\(expected.path) has \(values.count) numbers; \(found.count) fit the batch")
    }
    for (index, value) in values.enumerated() where mask?[index] != 0 {
      compare(found[index], value, tolerance, at: "\(place)[\(index)]")
    }
  }

  /// What differs without being a number.
  mutating func fail(_ detail: String) {
    (ratio, self.detail) = (.infinity, detail)
    count += 1
  }
}

extension CheckReport {
  /// Counts a case by the worst of its comparisons; one without a number to compare is skipped.
  mutating func count(_ name: String, _ worst: WorstError) {
    if worst.count == 0 {
      skip(name, why: "it has no expected number")
    } else if worst.ratio <= 1 {
      agree(name, error: worst.ratio)
    } else {
      differ(name, error: worst.ratio, detail: worst.detail)
    }
  }

  /// Counts a case that is compared exactly.
  mutating func count<T: Equatable>(_ name: String, _ found: [T], _ expected: [T]) {
    if found == expected { return agree(name) }
    let index = zip(found, expected).enumerated().first { $0.1.0 != $0.1.1 }?.offset
    differ(
      name,
      detail: index.map { "element \($0) is \(found[$0]), expected \(expected[$0])" }
        ?? "\(found.count) elements, expected \(expected.count)")
  }
}
