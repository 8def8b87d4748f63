import Foundation
import JSON

/// All turns of one program at one task.
struct BenchRow {
  let model: String
  let task: BenchTask
  /// One a turn.
  var results: [BenchResult] = []
  /// What the machine could have done at best, seconds; one a turn.
  var ceilings: [Double] = []

  var program: String { results[0].program }
  var rates: Figure { Figure(results.map { Double(task.counted) / $0.seconds }) }
  /// The part of the ceiling that was reached.
  var share: Figure { Figure(zip(ceilings, results).map { $0 / $1.seconds }) }
  /// The most of all turns.
  var peakBytes: Int { results.map(\.peakBytes).max()! }

  /// How many times as fast as `self` the row `other` is, turn by turn.
  func ratio(of other: BenchRow) -> Figure {
    Figure(zip(results, other.results).map { $0.seconds / $1.seconds })
  }

  /// The same by time on the processor.
  func processorRatio(of other: BenchRow) -> Figure {
    Figure(zip(results, other.results).map { $0.processorSeconds / $1.processorSeconds })
  }

  /// The parts of the pass as shares of it: `forward and backward 95%, AdamW 4%`.
  var parts: String {
    let turn = results.sorted { $0.seconds < $1.seconds }[results.count / 2]
    return turn.parts.map { part in
      "\(part.name) \(String(format: "%.1f", 100 * part.seconds / turn.seconds))%"
    }.joined(separator: ", ")
  }

  var json: JSONLiteral {
    [
      "model": .string(model), "task": .string(task.title), "program": .string(program),
      "tokens_per_second": rates.json, "share_of_ceiling": share.json,
      "peak_bytes": .int(peakBytes), "turns": .array(results.map(\.json)),
    ]
  }
}

/// The median of some turns, and how far they lie apart.
struct Figure: Sendable, Equatable {
  let least, median, most: Double

  init(_ values: [Double]) {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    (least, most) = (sorted.first ?? .nan, sorted.last ?? .nan)
    if sorted.isEmpty {
      median = .nan
    } else {
      median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
  }

  /// `412 (398 to 420)`
  func text(_ format: String) -> String {
    func print(_ value: Double) -> String { String(format: format, value) }
    return "\(print(median)) (\(print(least)) to \(print(most)))"
  }

  var json: JSONLiteral {
    ["least": .double(least), "median": .double(median), "most": .double(most)]
  }
}

/// The rows as a table in Markdown, which reads well on a terminal too.
struct BenchTable {
  static let header = [
    "model", "task", "program", "tokens/s", "temper's ratio", "by processor time", "of ceiling",
    "peak MiB",
  ]

  /// - Parameter groups: the rows of one task, temper's first.
  static func text(_ groups: [[BenchRow]]) -> String {
    let lines = groups.flatMap { rows in
      rows.enumerated().map { index, row in
        [
          row.model, row.task.title, row.program, row.rates.text("%.1f"),
          index == 0 ? "" : row.ratio(of: rows[0]).text("%.2f"),
          index == 0 ? "" : row.processorRatio(of: rows[0]).text("%.2f"),
          String(format: "%.0f%%", 100 * row.share.median), "\(row.peakBytes >> 20)",
        ]
      }
    }
    return aligned(header, lines)
  }

  /// A table in Markdown with its columns in line.
  static func aligned(_ header: [String], _ lines: [[String]]) -> String {
    let widths = header.indices.map { column in
      ([header] + lines).map { $0[column].count }.max()!
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule =
      "| " + widths.map { String(repeating: "-", count: $0) }.joined(separator: " | ") + " |"
    return ([line(header), rule] + lines.map(line)).joined(separator: "\n")
  }
}
