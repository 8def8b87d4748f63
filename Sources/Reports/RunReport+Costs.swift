import Foundation
import JSON
import Pages

extension RunReport {
  /// Where time went and how much memory each phase needed.
  func addCosts(to page: inout Page) {
    open("costs", "Time and memory", &page)
    let times = record.curves.filter { $0.name.hasPrefix("time/") && $0.count > 0 }
    let memories = record.curves.filter { $0.name.hasPrefix("memory/") && $0.count > 0 }
    guard let step = times.first(where: { $0.name == "time/step" }) else {
      return page.paragraph("No step was timed yet.")
    }
    let evaluation = record["time/eval"]?.sum ?? 0
    let total = step.sum + evaluation
    func share(_ seconds: Double) -> String {
      total > 0 ? String(format: "%.1f%%", 100 * seconds / total) : "–"
    }
    let phases = ["rollout", "update"].compactMap { phase in
      record["time/\(phase)"].map { (phase, $0.sum) }
    }
    let rest = step.sum - phases.reduce(0) { $0 + $1.1 }
    let parts = phases + [("other", max(rest, 0)), ("eval", evaluation)]
    page.add(bar(parts.filter { $0.1 > 0.001 * total }, total))
    let inner = times.filter {
      !["time/step", "time/rollout", "time/update", "time/eval"].contains($0.name)
    }
    let rows =
      parts.filter { $0.1 > 0.001 * total }.map { name, seconds -> [String] in
        let curve = record["time/\(name)"]
        return [
          name, duration(seconds), share(seconds), curve.map { short($0.mean) } ?? "–",
          curve.map { short($0.largest) } ?? "–",
        ]
      }
      + inner.map { curve in
        // Episodes run beside each other and beside the sampling; their seconds are added up.
        let isOfAll = curve.name == "time/environment"
        return [
          "of these: " + curve.name.dropFirst(5) + (isOfAll ? ", all episodes added up" : ""),
          duration(curve.sum), isOfAll ? "–" : share(curve.sum), short(curve.mean),
          short(curve.largest),
        ]
      }
    page.table(header: ["phase", "time", "share", "mean, s", "longest, s"], rows: rows)
    guard !memories.isEmpty else { return }
    page.add("<p>The most memory that the process held, MiB:</p>")
    page.table(
      header: ["phase", "first step", "last step", "largest"],
      rows: memories.map { curve in
        let name = curve.name.dropFirst("memory/".count)
        let phase = name.hasSuffix("_mib") ? name.dropLast(4) : name
        return [String(phase)]
          + [curve.first, curve.last, curve.largest].map { String(format: "%.0f", $0) }
      })
  }

  /// Phases side by side in one bar.
  private func bar(_ parts: [(String, Double)], _ total: Double) -> String {
    guard total > 0 else { return "" }
    let pieces = parts.enumerated().map { index, part in
      String(
        format: "<i style=\"width:%.2f%%;background:%@\" title=\"%@\"></i>",
        100 * part.1 / total, LineChart.color(index), escaped("\(part.0): \(duration(part.1))"))
    }
    let legend = parts.enumerated().map { index, part in
      "<span><i style=\"background:\(LineChart.color(index))\"></i>\(escaped(part.0))</span>"
    }
    return
      "<div class=\"bar\">\(pieces.joined())</div><div class=\"legend\">\(legend.joined())</div>"
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
  }
}

extension RunReport {
  /// The suites that were measured.
  var evaluationNames: [String] {
    record.curves.compactMap { curve in
      let parts = curve.name.split(separator: "/")
      return parts.count == 3 && parts[0] == "eval" && parts[2] == "accuracy"
        ? String(parts[1]) : nil
    }
  }

  /// What each suite measured before, on the way and at the end.
  func addEvaluations(to page: inout Page) {
    guard !evaluationNames.isEmpty else { return }
    open("evaluations", "Evaluations", &page)
    page.table(
      header: ["suite", "times", "first", "last", "least", "largest"],
      rows: evaluationNames.map { name in
        let curve = record["eval/\(name)/accuracy"]!
        return [name, "\(curve.count)"]
          + [curve.first, curve.last, curve.least, curve.largest].map(percent)
      })
    for name in evaluationNames {
      let prefix = "eval/\(name)/"
      let others = record.curves.filter {
        $0.name.hasPrefix(prefix) && $0.name != prefix + "accuracy" && $0.count > 0
      }
      let reports = self.reports(of: name)
      page.add(
        "<details id=\"suite-\(escaped(name))\"><summary>\(escaped(name)), every figure</summary>")
      page.table(
        header: ["", "first", "last", "least", "largest"],
        rows: others.map { curve in
          [String(curve.name.dropFirst(prefix.count))]
            + [curve.first, curve.last, curve.least, curve.largest].map(short)
        })
      if !reports.isEmpty {
        page.table(header: ["step", "problems", "greedy", "95% interval"], rows: reports)
      }
      page.add("</details>")
    }
  }

  private static let mostReports = 12
  /// A report holds every completion; beyond this one is not worth the wait.
  private static let largestReport = 64 << 20

  /// The kept reports of a suite: the last ones, with the interval of their score.
  private func reports(of suite: String) -> [[String]] {
    let place = folder.folder.appending(path: "evaluations")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    return names.sorted().suffix(Self.mostReports).compactMap { step in
      let file = place.appending(path: "\(step)/\(suite).json")
      let size = (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? .max
      guard size <= Self.largestReport, let json = try? JSON(contentsOf: file),
        let number = Int(step.dropFirst("step-".count))
      else { return nil }
      let greedy = json["report"]["greedy"]
      let (low, high) = (greedy["low"].double, greedy["high"].double)
      return [
        "\(number)", json["report"]["problems"].int.map { "\($0)" } ?? "–",
        greedy["value"].double.map(percent) ?? "–",
        low.flatMap { low in high.map { "\(percent(low)) to \(percent($0))" } } ?? "–",
      ]
    }
  }

  private func percent(_ share: Double) -> String {
    share.isFinite ? String(format: "%.1f%%", 100 * share) : "–"
  }
}
