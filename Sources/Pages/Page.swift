/// A page of HTML that stands alone: its style inside, nothing loaded from anywhere.
public struct Page {
  public var title: String
  /// HTML of the parts, in order.
  public var parts: [String] = []
  /// Rules beyond the page's own.
  public var style = ""
  /// A script at the end of the page, which needs nothing else; none where it is empty.
  public var script = ""

  public init(title: String) { self.title = title }

  public mutating func add(_ html: String) { parts.append(html) }

  public mutating func heading(_ text: String) { add("<h2>\(escaped(text))</h2>") }

  public mutating func paragraph(_ text: String) { add("<p>\(escaped(text))</p>") }

  /// A table of plain texts; the first column is left-aligned, the others right.
  public mutating func table(header: [String], rows: [[String]]) {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>"
    }
    add(
      "<div class=\"scroll\"><table><thead>\(row(header, "th"))</thead><tbody>"
        + rows.map { row($0, "td") }.joined(separator: "\n") + "</tbody></table></div>")
  }

  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>\(Self.ownStyle)\(style)</style>
    </head>
    <body>
    <h1>\(escaped(title))</h1>
    \(parts.joined(separator: "\n"))
    \(script.isEmpty ? "" : "<script>\(script)</script>")
    </body>
    </html>

    """
  }

  static let seriesCount = lightColors.count
  private static let lightColors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#c98500", "#2a9fd8", "#7f7f7f", "#8c510a",
  ]
  private static let darkColors = [
    "#56a8e0", "#f08a3c", "#3cc79b", "#e29cc4", "#e9b23a", "#7cc8f2", "#a6a6a6", "#c98a4b",
  ]

  private static func properties(_ colors: [String]) -> String {
    colors.enumerated().map { "--series-\($0): \($1);" }.joined(separator: " ")
  }

  private static let ownStyle = """
    :root { color-scheme: light dark; --alarm: #c22; \(properties(lightColors)) }
    @media (prefers-color-scheme: dark) { :root { --alarm: #f66; \(properties(darkColors)) } }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
    th:first-child, td:first-child { text-align: left; }
    figure { margin: 1rem 0; } figcaption { font-weight: 600; }
    figcaption small { font-weight: 400; opacity: .75; }
    .scroll { overflow-x: auto; }
    svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
    svg .mark { stroke: currentColor; stroke-width: 1.2; stroke-dasharray: 3 2; opacity: .55; }
    svg .mark.grave { stroke: var(--alarm); opacity: .9; } svg .dot { stroke-width: 5; }
    code, pre { font: 13px/1.45 ui-monospace, monospace; }
    .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
    .legend.small { font-size: .8rem; }
    .legend i { display: inline-block; width: 1.2rem; height: .25rem; margin-right: .4rem; vertical-align: middle; }
    """
}

/// Text as HTML shows it unchanged, in an element or in a quoted attribute.
public func escaped(_ text: String) -> String {
  var out = ""
  out.reserveCapacity(text.utf8.count)
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": out += "&amp;"
    case "<": out += "&lt;"
    case ">": out += "&gt;"
    case "\"": out += "&quot;"
    case "'": out += "&#39;"
    case "\t", "\n": out.unicodeScalars.append(scalar)
    case let control where control.value < 0x20 || (0x7F...0x9F).contains(control.value):
      out += "\u{FFFD}"
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out
}
