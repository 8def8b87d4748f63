import Pages

extension RunReport {
  /// Every metric by area, except what stands elsewhere on the page.
  func addCurves(to page: inout Page) {
    open("curves", "Curves", &page)
    guard !record.curves.isEmpty else { return page.paragraph("No step was recorded yet.") }
    let areas = Self.areas(of: record.curves)
    for (place, area) in areas.enumerated() {
      page.add(
        "<details class=\"area\"\(place < Self.openAreas ? " open" : "") id=\"area-\(place)\">"
          + "<summary>\(escaped(area.name)) <small>\(area.curves.count)</small></summary>"
          + "<div class=\"charts\">")
      let moving = area.curves.filter { $0.least < $0.largest || $0.lost > 0 }
      for curve in moving { page.add(chart(of: curve).html) }
      page.add("</div>")
      let still = area.curves.filter { $0.count > 0 && $0.least == $0.largest && $0.lost == 0 }
      if !still.isEmpty {
        page.add(
          "<p class=\"still\">The same throughout: " + still.map(level).joined(separator: ", ")
            + "</p>")
      }
      page.add("</details>")
    }
  }

  /// A metric that has one value, and in how many steps, where that is not all.
  private func level(_ curve: MetricCurve) -> String {
    let count =
      curve.count < record.stepCount ? " in \(curve.count) of \(record.stepCount) steps" : ""
    return "<span>\(escaped(curve.name)) <b>\(short(curve.last))</b>\(count)</span>"
  }

  private static let openAreas = 6

  /// The areas that people look at first, then the others as they came up.
  private static let firstAreas = [
    "reward", "sft", "policy", "optimizer", "rollout", "verifier", "eval",
  ]

  static func areas(of curves: [MetricCurve]) -> [(name: String, curves: [MetricCurve])] {
    func area(_ curve: MetricCurve) -> String {
      String(curve.name.prefix { $0 != "/" })
    }
    var names = firstAreas
    for name in curves.map(area) where !names.contains(name) { names.append(name) }
    return names.compactMap { name in
      let own = curves.filter { area($0) == name }
      return own.isEmpty ? nil : (name, own)
    }
  }

  private func chart(of curve: MetricCurve) -> LineChart {
    var chart = LineChart(
      title: curve.name, xLabel: "step", series: [.init(curve.name, curve.points)])
    chart.size = .small
    chart.showsZero = false
    chart.note =
      curve.count == 0
      ? ""
      : "\(short(curve.last)) (\(short(curve.least)) to \(short(curve.largest)))"
        + (curve.lost > 0 ? ", no number \(curve.lost) times" : "")
    // A metric that came up in other steps only would have marks far from its curve.
    chart.marks = curve.count > 1 ? marks : []
    return chart
  }

  /// A mark for each step with detections; grave where one was critical or acted.
  var marks: [LineChart.Mark] {
    var steps: [Int: [RecordedDetection]] = [:]
    for detection in record.detections { steps[detection.step, default: []].append(detection) }
    return steps.sorted { $0.key < $1.key }.prefix(Self.mostMarks).map { step, detections in
      LineChart.Mark(
        x: Double(step),
        label: "step \(step): "
          + detections.prefix(4).map { "\($0.detector): \($0.words)" }.joined(separator: "; "),
        isGrave: detections.contains { $0.isCritical || $0.acted })
    }
  }

  private static let mostMarks = 60
}

extension RunReport {
  private static let mostRows = 200

  func addDetections(to page: inout Page) {
    guard !record.detections.isEmpty else { return }
    open("detections", "Detections", &page)
    var counts: [String: (all: Int, critical: Int, acted: Int, first: Int)] = [:]
    var names: [String] = []
    for detection in record.detections {
      if counts[detection.detector] == nil { names.append(detection.detector) }
      var count = counts[detection.detector] ?? (0, 0, 0, detection.step)
      count.all += 1
      count.critical += detection.isCritical ? 1 : 0
      count.acted += detection.acted ? 1 : 0
      counts[detection.detector] = count
    }
    page.table(
      header: ["detector", "detections", "critical", "acted", "first at step"],
      rows: names.map { name in
        let count = counts[name]!
        return [name, "\(count.all)", "\(count.critical)", "\(count.acted)", "\(count.first)"]
      })
    page.add(
      "<details id=\"each-detection\"><summary>Each of them</summary><div class=\"settings\">")
    page.table(
      header: ["step", "when", "detector", "action", "reason"],
      rows: record.detections.prefix(Self.mostRows).map {
        ["\($0.step)", $0.event, $0.detector, $0.words, $0.reason]
      })
    page.add("</div></details>")
    let left = record.detections.count + record.furtherDetections - Self.mostRows
    if left > 0 { page.paragraph("\(left) further ones are in detections.jsonl.") }
  }
}
