/// The largest error among many comparisons, divided by its tolerance, and where it was.
struct WorstError {
  private(set) var ratio = 0.0
  private(set) var detail = ""

  /// Compares two numbers; `place` is asked only when this is the worst so far.
  mutating func compare(
    _ found: Double, _ expected: Double, tolerance: Double, _ place: @autoclosure () -> String
  ) {
    let error = abs(found - expected) / tolerance
    // A NaN never compares as larger, and it is the worst there is.
    guard error > ratio || error.isNaN else { return }
    ratio = error.isNaN ? .infinity : error
    detail = "\(place()) is \(found), expected \(expected)"
  }

  mutating func fail(_ detail: String) {
    (ratio, self.detail) = (.infinity, detail)
  }

  /// Counts the case in `report`.
  func count(in report: inout CheckReport, _ name: String) {
    if ratio <= 1 {
      report.agree(name, error: ratio)
    } else {
      report.differ(name, error: ratio, detail: detail)
    }
  }
}

extension CheckReport {
  /// Compares exactly.
  mutating func compare<T: Equatable>(_ name: String, _ found: [T], _ expected: [T]) {
    if found == expected { return agree(name) }
    let index = zip(found, expected).enumerated().first { $0.1.0 != $0.1.1 }?.offset
    differ(
      name,
      detail: index.map { "element \($0) is \(found[$0]), expected \(expected[$0])" }
        ?? "\(found.count) elements, expected \(expected.count)")
  }
}
