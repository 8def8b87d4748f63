import Foundation
import Pages

extension ArenaSummary {
  /// Both tables for a terminal, columns aligned.
  public var text: String {
    var parts = [
      "Means over seeds, ± half the 95% interval (Student's t):", aligned(header, cells),
    ]
    if !differenceCells.isEmpty {
      parts += [
        "Difference from \(rows[0].method), seed by seed; * where its 95% interval excludes 0:",
        aligned(header, differenceCells),
      ]
    }
    return parts.joined(separator: "\n\n")
  }

  /// The same as Markdown.
  public var markdown: String {
    func table(_ rows: [[String]]) -> String {
      ([header, header.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
        .joined(separator: "\n")
    }
    var parts = ["Means over seeds, ± half the 95% interval (Student's t).", table(cells)]
    if !differenceCells.isEmpty {
      parts += [
        "Difference from \(rows[0].method), seed by seed; `*` where its 95% interval excludes 0.",
        table(differenceCells),
      ]
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private func aligned(_ header: [String], _ rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max()! }
    return all.map { row in
      row.enumerated().map { column, text in
        let space = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + space : space + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// A page with the tables and the curves of every method.
public func arenaPage(
  _ summary: ArenaSummary, curves: [(method: String, runs: [ArenaMeasurement])], notes: [String]
) -> String {
  var page = Page(title: "Arena")
  for note in notes { page.paragraph(note) }
  page.heading("Means over seeds, ± half the 95% interval")
  page.table(header: summary.header, rows: summary.cells)
  if !summary.differenceCells.isEmpty {
    page.heading("Difference from \(summary.rows[0].method), seed by seed")
    page.paragraph("* where the 95% interval excludes 0.")
    page.table(header: summary.header, rows: summary.differenceCells)
  }
  page.heading("Curves: means over seeds, with the band of their 95% interval")
  for name in ArenaMeasurement.curveNames {
    let series = curves.map { method, runs in
      LineChart.Series(method, pooled(runs.map { $0.curves[name] ?? [] }))
    }
    page.add(LineChart(title: name, xLabel: "step", series: series).html)
  }
  return page.html
}

/// Curves of several seeds as one with a band, in at most a hundred points.
private func pooled(_ curves: [[Double]]) -> [LineChart.Point] {
  let steps = curves.map(\.count).min() ?? 0
  let window = max(1, (steps + 99) / 100)
  return stride(from: 0, to: steps, by: window).compactMap { start in
    let end = min(start + window, steps)
    let values = curves.map { mean($0[start..<end].filter(\.isFinite)) }.filter(\.isFinite)
    guard !values.isEmpty else { return nil }
    let estimate = SeedEstimate(values)
    let isBand = estimate.half.isFinite
    return LineChart.Point(
      x: Double(start + end + 1) / 2, y: estimate.mean, low: isBand ? estimate.low : nil,
      high: isBand ? estimate.high : nil)
  }
}

extension Double {
  func formatted(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
