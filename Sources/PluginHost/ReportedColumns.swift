import CPluginABI
import Synchronization

/// The columns that a plugin reports of the step under way.
final class ReportedColumns: Sendable {
  private struct Step {
    var count = 0
    var columns: [String: [Float]] = [:]
  }
  private let step = Mutex(Step())

  /// Forgets the step before, and makes room for one of `count` tokens.
  func begin(count: Int) { step.withLock { $0 = Step(count: count) } }

  /// - Returns: what is wrong, where the values do not lie in the step.
  func set(_ name: String, first: Int, _ values: UnsafeBufferPointer<Float>) -> String? {
    step.withLock { step in
      guard first >= 0, first <= step.count, values.count <= step.count - first else {
        return """
          column '\(name)': \(values.count) values from token \(first) on do not fit a step of \
          \(step.count) tokens; they are left out
          """
      }
      let unset = [Float](repeating: .nan, count: step.columns[name] == nil ? step.count : 0)
      step.columns[name, default: unset].withUnsafeMutableBufferPointer {
        _ = UnsafeMutableBufferPointer(rebasing: $0[first..<first + values.count])
          .update(fromContentsOf: values)
      }
      return nil
    }
  }

  /// By name; the next call gives only what is set after this one.
  func take() -> [(name: String, values: [Float])] {
    let columns = step.withLock { step in
      defer { step.columns = [:] }
      return step.columns
    }
    return columns.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

/// Served to interventions.
nonisolated(unsafe) let columnsService = constant(
  temper_columns_service(
    size: UInt32(MemoryLayout<temper_columns_service>.size),
    set: { host, name, first, values, count in
      let services = HostServices.behind(host)
      let values = UnsafeBufferPointer(start: values, count: count)
      let problem = services.columns.set(String(cString: name!), first: first, values)
      if let problem { services.surroundings.log(.error, services.name, problem) }
    }))
