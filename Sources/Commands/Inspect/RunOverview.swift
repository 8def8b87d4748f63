import Checkpoints
import Foundation
import JSON
import Metrics

/// A run at a glance: some of its steps with their figures.
struct RunOverview {
  private static let names = [
    "reward/mean", "policy/entropy", "optimizer/grad_norm", "reward/tied", "rollout/length_mean",
    "time/step",
  ]
  private let folder: RunFolder
  private let steps: [JSON]

  init(_ folder: RunFolder) throws {
    self.folder = folder
    steps = try JSONLines(of: folder.metrics).compactMap { line, value in
      do { return try value.get() } catch {
        throw ConfigurationError.file("\(folder.metrics.path):\(line)", reason: "\(error)")
      }
    }
  }

  /// About twenty steps, the first and the last among them.
  private var shown: [JSON] {
    let stride = max(1, (steps.count - 1) / 20)
    return steps.indices.filter { $0 % stride == 0 || $0 == steps.count - 1 }.map { steps[$0] }
  }

  var table: String {
    guard !steps.isEmpty else { return "\(folder.folder.path): no step was done yet" }
    let rows = shown.map { step in
      ["\(step["step"].int ?? 0)"]
        + Self.names.map { step[$0].double.map(Metrics.Progress.short) ?? "-" }
    }
    let saved = folder.checkpoints().all().map { "\($0.step)" }.joined(separator: ", ")
    return columns([["step"] + Self.names] + rows)
      + "\n\n\(steps.count) steps; checkpoints of \(saved.isEmpty ? "none" : "steps \(saved)")"
  }

  var json: JSONLiteral {
    [
      "steps": .int(steps.count),
      "checkpoints": .ints(folder.checkpoints().all().map(\.step)),
      "metrics": .array(shown.map { JSONLiteral($0) }),
    ]
  }
}

/// Rows of texts in columns, the numbers to the right.
func columns(_ rows: [[String]]) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
  return rows.map { row in
    row.enumerated().map { column, text in
      String(repeating: " ", count: widths[column] - text.count) + text
    }.joined(separator: "  ")
  }.joined(separator: "\n")
}
