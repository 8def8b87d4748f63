import Foundation
import JSON

/// The worst of many comparisons of a case.
struct Comparison {
  /// How far a number may be from the expected one.
  struct Tolerance {
    let absolute: Double
    let relative: Double

    static let double = Tolerance(absolute: 1e-9, relative: 1e-9)
    static let float = Tolerance(absolute: 1e-4, relative: 1e-4)
    static let exact = Tolerance(absolute: 0, relative: 0)
  }

  var tolerance: Tolerance
  /// The largest error divided by its tolerance.
  private(set) var error = 0.0
  /// Where that was, and with which numbers.
  private(set) var detail = ""
  /// How many numbers were compared.
  private(set) var count = 0

  init(tolerance: Tolerance) { self.tolerance = tolerance }

  /// - Parameter expected: `nil` or NaN for an undefined number, which is not compared.
  mutating func compare(_ found: Double, _ expected: Double?, at place: @autoclosure () -> String) {
    guard let expected, !expected.isNaN else { return }
    count += 1
    let allowed = tolerance.absolute + tolerance.relative * abs(expected)
    let distance = abs(found - expected)
    let ratio = distance == 0 ? 0 : distance / allowed
    guard !(ratio <= error) else { return }
    error = ratio.isNaN ? .infinity : ratio
    detail = "\(place()) is \(found), expected \(expected)"
  }

  /// Compares `found` with the numbers of a nested array, in their order.
  ///
  /// - Parameters:
  ///   - expected: null where the case does not have it.
  ///   - mask: 0 where nothing is compared; `nil` compares all.
  mutating func compare(
    _ found: [Double], _ expected: JSON, where mask: [UInt8]? = nil, at place: String
  ) throws {
    if expected.isNull { return }
    let values = flattened(expected)
    guard values.count == found.count else {
      throw CheckError("\(expected.path) has \(values.count) numbers; \(found.count) fit the batch")
    }
    for (index, value) in values.enumerated() where mask?[index] != 0 {
      compare(found[index], value, at: "\(place)[\(index)]")
    }
  }
}

extension CheckReport {
  /// Counts a case by the worst of its comparisons; one without a number to compare is skipped.
  mutating func count(_ name: String, _ comparison: Comparison) {
    if comparison.count == 0 {
      skip(name, why: "it has no expected number")
    } else if comparison.error <= 1 {
      agree(name, error: comparison.error)
    } else {
      differ(name, error: comparison.error, detail: comparison.detail)
    }
  }
}

/// The numbers of nested arrays in their order; NaN where one is null.
func flattened(_ json: JSON) -> [Double] {
  if let elements = json.array { return elements.flatMap(flattened) }
  if let flag = json.bool { return [flag ? 1 : 0] }
  return [json.double ?? .nan]
}

/// `path` itself, or the file of that name in the folder `path`.
func expectedValues(_ path: URL, named name: String) throws -> URL {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else {
    throw CheckError("\(path.path): there is no such file or folder")
  }
  return isFolder.boolValue ? path.appending(path: name) : path
}
