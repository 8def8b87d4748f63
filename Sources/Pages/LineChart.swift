import Foundation

/// Curves over one axis, as a picture inside a page. A series may have a band around it.
public struct LineChart {
  public struct Point: Sendable, Equatable {
    public let x, y: Double
    /// The band's ends; the line alone where they are `nil`.
    public let low, high: Double?

    public init(x: Double, y: Double, low: Double? = nil, high: Double? = nil) {
      (self.x, self.y, self.low, self.high) = (x, y, low, high)
    }
  }

  public struct Series: Sendable {
    public let name: String
    public let points: [Point]
    public init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }
  }

  public let title: String
  public let xLabel: String
  public let series: [Series]

  public init(title: String, xLabel: String, series: [Series]) {
    (self.title, self.xLabel, self.series) = (title, xLabel, series)
  }

  private static let size = (width: 900.0, height: 300.0)
  private static let margin = (left: 52.0, right: 8.0, top: 8.0, bottom: 34.0)
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8c510a",
  ]

  /// The color of series `index`: those of Okabe and Ito, which the colour-blind can tell apart.
  public static func color(_ index: Int) -> String { colors[index % colors.count] }

  /// A `figure` with caption, picture and legend.
  public var html: String {
    let points = series.flatMap(\.points).filter { $0.y.isFinite }
    guard !points.isEmpty else {
      return "<figure><figcaption>\(escaped(title))</figcaption><p>no values</p></figure>"
    }
    let x = Axis(points.map(\.x), length: Self.size.width - Self.margin.left - Self.margin.right)
    let y = Axis(
      points.flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }.filter(\.isFinite) + [0],
      length: Self.size.height - Self.margin.top - Self.margin.bottom)
    func place(_ px: Double, _ py: Double) -> String {
      let left = Self.margin.left + x.offset(px)
      let top = Self.size.height - Self.margin.bottom - y.offset(py)
      return String(format: "%.1f,%.1f", left, top)
    }
    let curves = series.enumerated().map { index, series in
      let known = series.points.filter { $0.y.isFinite }
      let color = Self.color(index)
      let line = known.map { place($0.x, $0.y) }.joined(separator: " ")
      let banded = known.filter { $0.low?.isFinite == true && $0.high?.isFinite == true }
      let band =
        banded.map { place($0.x, $0.high!) } + banded.reversed().map { place($0.x, $0.low!) }
      return
        (banded.isEmpty
        ? ""
        : "<polygon points=\"\(band.joined(separator: " "))\" fill=\"\(color)\" opacity=\"0.15\"/>")
        + "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.6\"/>"
    }
    return """
      <figure><figcaption>\(escaped(title))</figcaption>
      <svg viewBox="0 0 \(Int(Self.size.width)) \(Int(Self.size.height))" role="img" \
      aria-label="\(escaped(title))">
      \(grid(x, y))
      \(curves.joined(separator: "\n"))
      </svg>
      \(legend)
      </figure>
      """
  }

  private func grid(_ x: Axis, _ y: Axis) -> String {
    let bottom = Self.size.height - Self.margin.bottom
    let right = Self.size.width - Self.margin.right
    let horizontal = y.ticks.map { tick in
      let top = bottom - y.offset(tick)
      return String(
        format: "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%.1f\""
          + " text-anchor=\"end\">%@</text>", Self.margin.left, top, right, Self.margin.left - 6,
        top + 4, Axis.label(tick))
    }
    let vertical = x.ticks.map { tick in
      String(
        format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%@</text>",
        Self.margin.left + x.offset(tick), bottom + 15, Axis.label(tick))
    }
    let label = String(
      format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%@</text>",
      (Self.margin.left + right) / 2, Self.size.height - 4, escaped(xLabel))
    return (horizontal + vertical + [label]).joined(separator: "\n")
  }

  private var legend: String {
    guard series.count > 1 else { return "" }
    let entries = series.enumerated().map { index, series in
      "<span><i style=\"background:\(Self.color(index))\"></i>\(escaped(series.name))</span>"
    }
    return "<div class=\"legend\">\(entries.joined(separator: "\n"))</div>"
  }
}

/// A linear axis with round ticks.
private struct Axis {
  let low, high, length: Double
  let ticks: [Double]

  init(_ values: [Double], length: Double) {
    let least = values.min()!
    let largest = values.max()!
    let span = largest > least ? largest - least : max(abs(largest), 1)
    let rough = span / 5
    let magnitude = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough } ?? rough
    let first = Int((least / step).rounded(.down))
    let last = max(Int((largest / step).rounded(.up)), first + 1)
    (low, high) = (Double(first) * step, Double(last) * step)
    ticks = (first...last).map { Double($0) * step }
    self.length = length
  }

  func offset(_ value: Double) -> Double { (value - low) / (high - low) * length }

  static func label(_ value: Double) -> String {
    let text = String(format: "%.6g", value)
    return text == "-0" ? "0" : text
  }
}
