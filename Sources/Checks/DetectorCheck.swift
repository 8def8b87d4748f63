import Detectors
import Foundation
import JSON

/// Compares a file of expected figures of detectors with what the detectors' plugins record when
/// they are shown the file's inputs.
///
/// What no shipped detector measures is skipped with the reason, never agreed.
///
/// - Parameters:
///   - path: `detectors.json`, or a folder that holds it.
///   - makeDetector: makes the plugin that owns a case, anew for each; `nil` where none of that name
///     is shipped.
/// - Throws: ``CheckError`` if the file cannot be read or is not of the form.
public func checkDetectors(
  path: URL,
  makeDetector: (_ name: String, _ configuration: JSONLiteral) throws -> (any Detector)?
) throws -> CheckReport {
  let file = try expectedValues(path, named: "detectors.json")
  guard let blocks = try JSON(contentsOf: file).object else {
    throw CheckError("\(file.path): an object of cases is needed, as in detectors.json")
  }
  let models = file.deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "models")
  return try withoutActuallyEscaping(makeDetector) { make in
    let plugins = ShippedDetectors(make: make)
    var report = CheckReport(what: "detectors")
    for (name, block) in blocks where block.kind == .object || block.kind == .array {
      let entries = block.array ?? [block]
      for (index, entry) in entries.enumerated() {
        try report.count(entries.count > 1 ? "\(name)[\(index)]" : name) {
          try compare(name, entry, plugins, models: models)
        }
      }
    }
    return report
  }
}

private func compare(
  _ name: String, _ block: JSON, _ plugins: ShippedDetectors, models: URL
) throws -> WorstError {
  switch name {
  case "a1_trace": try compareTrace(block, plugins)
  case "trend": try compareTrend(block, plugins)
  case "robust_z": try compareRobustZ(block, plugins)
  case "a3_logit_grad_mass": try compareLogitMass(block, plugins)
  case "a4_attention": try compareAttention(block)
  case "a5_softmax_collapse": try compareSoftmaxCollapse(block, plugins)
  case "a5_nlm": try compareAlignment(block, plugins)
  case "a6_radius": try compareRadius(block, plugins)
  case "a6_model": try compareLogitChange(block, models: models)
  case "a7_mismatch": try compareMismatch(block, plugins)
  case "a9_geometry": try compareGeometry(block, plugins)
  case "a11_continual": try compareContinual(block, plugins)
  default: throw SkippedCase("no shipped detector measures '\(name)'")
  }
}

extension CheckReport {
  /// Counts a case by the worst of its comparisons, or skips it where `compare` says why.
  fileprivate mutating func count(_ name: String, _ compare: () throws -> WorstError) throws {
    do { count(name, try compare()) } catch let skipped as SkippedCase {
      skip(name, why: skipped.why)
    }
  }
}
