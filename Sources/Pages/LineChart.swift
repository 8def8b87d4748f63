import Foundation

/// Curves over one axis, as a picture inside a page. A series may have a band around it, and the
/// axis marks.
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

  /// A place on the axis at which something happened.
  public struct Mark: Sendable, Equatable {
    public let x: Double
    public let label: String
    /// Whether it is drawn as one that needs attention.
    public let isGrave: Bool

    public init(x: Double, label: String, isGrave: Bool = false) {
      (self.x, self.label, self.isGrave) = (x, label, isGrave)
    }
  }

  /// How much room a chart takes.
  public enum Size: Sendable {
    /// The width of a page.
    case wide
    /// One of several beside each other.
    case small

    fileprivate var extent: (width: Double, height: Double) {
      switch self {
      case .wide: (900, 300)
      case .small: (420, 190)
      }
    }
  }

  public let title: String
  public let xLabel: String
  public let series: [Series]
  public var marks: [Mark] = []
  public var size = Size.wide
  /// Whether 0 is on the vertical axis whatever the values are.
  public var showsZero = true
  /// What stands behind the title, in smaller letters.
  public var note = ""

  public init(title: String, xLabel: String, series: [Series]) {
    (self.title, self.xLabel, self.series) = (title, xLabel, series)
  }

  private static let margin = (left: 52.0, right: 8.0, top: 8.0, bottom: 34.0)

  /// The color of series `index`: those of Okabe and Ito, which the colour-blind can tell apart,
  /// lighter on a dark page. ``Page`` defines them.
  public static func color(_ index: Int) -> String { "var(--series-\(index % Page.seriesCount))" }

  /// A `figure` with caption, picture and legend.
  public var html: String {
    let points = series.flatMap(\.points).filter { $0.y.isFinite }
    let caption =
      "<figcaption>\(escaped(title))"
      + (note.isEmpty ? "" : " <small>\(escaped(note))</small>") + "</figcaption>"
    guard !points.isEmpty else { return "<figure>\(caption)<p>no values</p></figure>" }
    let extent = size.extent
    let values = points.flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }.filter(\.isFinite)
    let x = Axis(
      (points.map(\.x) + marks.map(\.x)).filter(\.isFinite),
      length: extent.width - Self.margin.left - Self.margin.right, isTight: size == .small)
    let y = Axis(
      showsZero ? values + [0] : values,
      length: extent.height - Self.margin.top - Self.margin.bottom)
    let frame = Frame(extent: extent, margin: Self.margin, x: x, y: y)
    let curves = series.enumerated().map { frame.curve($1, color: Self.color($0)) }
    return """
      <figure>\(caption)
      <svg viewBox="0 0 \(Int(extent.width)) \(Int(extent.height))" role="img" \
      aria-label="\(escaped(title))">
      \(frame.grid(xLabel))
      \(marks.filter(\.x.isFinite).map(frame.line).joined())\(curves.joined(separator: "\n"))
      </svg>
      \(legend)
      </figure>
      """
  }

  private var legend: String {
    guard series.count > 1 else { return "" }
    let entries = series.enumerated().map { index, series in
      "<span><i style=\"background:\(Self.color(index))\"></i>\(escaped(series.name))</span>"
    }
    return
      "<div class=\"legend\(size == .small ? " small" : "")\">\(entries.joined(separator: "\n"))</div>"
  }
}

/// Where on the picture a value lies, and what is drawn there.
private struct Frame {
  let extent: (width: Double, height: Double)
  let margin: (left: Double, right: Double, top: Double, bottom: Double)
  let x, y: Axis

  private var bottom: Double { extent.height - margin.bottom }
  private var right: Double { extent.width - margin.right }

  private func place(_ px: Double, _ py: Double) -> String {
    let top = min(max(bottom - y.offset(py), -9999), 9999)
    return String(format: "%.1f,%.1f", margin.left + x.offset(px), top)
  }

  func curve(_ series: LineChart.Series, color: String) -> String {
    let known = series.points.filter { $0.y.isFinite }
    let line = known.map { place($0.x, $0.y) }.joined(separator: " ")
    let banded = known.filter { $0.low?.isFinite == true && $0.high?.isFinite == true }
    let band =
      banded.map { place($0.x, $0.high!) } + banded.reversed().map { place($0.x, $0.low!) }
    let stroke = "fill=\"none\" style=\"stroke:\(color)\" stroke-width=\"1.6\""
    let dot = known.count == 1 ? " stroke-linecap=\"round\" class=\"dot\"" : ""
    return
      (banded.isEmpty
      ? ""
      : "<polygon points=\"\(band.joined(separator: " "))\" style=\"fill:\(color)\" opacity=\"0.18\"/>")
      + "<polyline points=\"\(known.count == 1 ? line + " " + line : line)\" \(stroke)\(dot)/>"
  }

  func line(_ mark: LineChart.Mark) -> String {
    String(
      format: "<path class=\"mark%@\" d=\"M%.1f %.1fV%.1f\"><title>%@</title></path>",
      mark.isGrave ? " grave" : "", margin.left + x.offset(mark.x), margin.top, bottom,
      escaped(mark.label))
  }

  func grid(_ xLabel: String) -> String {
    let horizontal = y.ticks.map { tick in
      let top = bottom - y.offset(tick)
      return String(
        format: "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#8884\"/><text x=\"%.1f\" y=\"%.1f\""
          + " text-anchor=\"end\">%@</text>", margin.left, top, right, margin.left - 6,
        top + 4, Axis.label(tick))
    }
    let vertical = x.ticks.map { tick in
      String(
        format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%@</text>",
        min(margin.left + x.offset(tick), right - 8), bottom + 15, Axis.label(tick))
    }
    let label = String(
      format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%@</text>",
      (margin.left + right) / 2, extent.height - 4, escaped(xLabel))
    return (horizontal + vertical + [label]).joined(separator: "\n")
  }
}

/// A linear axis with round ticks.
private struct Axis {
  let low, high, length: Double
  let ticks: [Double]

  /// - Parameter isTight: let the axis end with the values rather than at a tick.
  init(_ values: [Double], length: Double, isTight: Bool = false) {
    let least = values.min()!
    let largest = values.max()!
    // Not below what a double can tell apart at this height.
    let height = max(abs(least), abs(largest))
    let span = largest - least > height * 1e-12 ? largest - least : max(height, 1)
    let rough = span / 5
    let magnitude = pow(10, floor(log10(rough)))
    let round = [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough } ?? rough
    // Steps and layers have nothing between them.
    let step = isTight && values.allSatisfy { $0 == $0.rounded() } ? max(round, 1) : round
    let first = (least / step).rounded(.down)
    let last = max((largest / step).rounded(.up), first + 1)
    let all = stride(from: first, through: last, by: 1).map { $0 * step }
    if isTight, largest > least {
      (low, high) = (least, largest)
      ticks = all.filter { $0 >= least && $0 <= largest }
    } else {
      (low, high) = (first * step, last * step)
      ticks = all
    }
    self.length = length
  }

  func offset(_ value: Double) -> Double { (value - low) / (high - low) * length }

  static func label(_ value: Double) -> String {
    let text = String(format: "%.6g", value)
    return text == "-0" ? "0" : text
  }
}
