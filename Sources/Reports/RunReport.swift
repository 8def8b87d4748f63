import Checkpoints
import Foundation
import Pages

/// One page about a run, which loads nothing: curves with the marks of detectors, what happened,
/// time and memory, evaluations, completions token by token, and the configuration.
///
/// Its size is bounded, however long the run is; the run may be going on, or have been killed.
public struct RunReport {
  /// A setting of the run, and what it would be had nobody set it. Of a list, a line each.
  public struct Setting: Sendable, Equatable {
    public let key, value, standard: String
    public init(key: String, value: String, standard: String) {
      (self.key, self.value, self.standard) = (key, value, standard)
    }
    public var isChanged: Bool { value != standard }

    /// The lines that one has and the other has not.
    var difference: (value: String, standard: String) {
      func lines(of a: String, without b: String) -> String {
        let others = b.split(separator: "\n")
        return a.split(separator: "\n").filter { !others.contains($0) }.joined(separator: "\n")
      }
      return (lines(of: value, without: standard), lines(of: standard, without: value))
    }
  }

  /// What is known of a run beside its records.
  public struct About: Sendable {
    /// In the order of the configuration; empty where it cannot be read.
    public var settings: [Setting] = []
    /// The steps that it was asked for.
    public var plannedSteps: Int?
    /// A token's text; ids are shown where there is none.
    public var decode: (@Sendable (Int32) -> String)?
    public init() {}
  }

  public let record: RunRecord
  let folder: RunFolder
  let about: About
  let samples: RolloutSamples

  public init(_ folder: RunFolder, _ about: About = About()) throws {
    (self.folder, self.about) = (folder, about)
    record = try RunRecord(folder)
    samples = RolloutSamples(
      folder,
      marked: record.detections.filter(\.isCritical).map(\.step)
        + record.detections.map(\.step))
  }

  /// The page; `title` is what it is called.
  public var page: Page {
    var page = Page(title: "\(folder.folder.lastPathComponent)")
    page.style = Self.style
    page.add("<main id=\"report\">")
    addOverview(to: &page)
    addDetections(to: &page)
    addCurves(to: &page)
    addEvaluations(to: &page)
    addCosts(to: &page)
    addSamples(to: &page)
    addSettings(to: &page)
    page.add("</main>")
    return page
  }

  /// How the run stands.
  public enum Status: String, Sendable {
    case running, finished, interrupted, unstarted

    var words: String {
      switch self {
      case .running: "in progress"
      case .finished: "finished"
      case .interrupted: "interrupted"
      case .unstarted: "no step was done yet"
      }
    }
  }

  public var status: Status {
    if folder.isBeingWritten { return .running }
    if record.stepCount == 0 { return .unstarted }
    return record.lastStep >= about.plannedSteps ?? record.lastStep ? .finished : .interrupted
  }

  // MARK: Overview

  private func addOverview(to page: inout Page) {
    let steps = about.plannedSteps.map { "\(record.lastStep) of \($0) steps" }
    let line = "\(status.words); \(steps ?? "\(record.lastStep) steps")"
    page.add("<p class=\"status \(status.rawValue)\">\(escaped(line))</p>")
    let tiles = Self.headlines.compactMap { name, words in
      record[name].map { tile(words, change($0)) }
    }
    let alarms = record.detections.count + record.furtherDetections
    page.add(
      "<div class=\"tiles\">\(tiles.joined())"
        + (record.refused > 0 ? tile("refused steps", "\(record.refused)") : "")
        + (alarms > 0 ? tile("detections", "\(alarms)") : "") + "</div>")
    if record.broken > 0 {
      page.paragraph(
        record.broken == 1
          ? "A line of the records was not whole, as after a kill, and is left out."
          : "\(record.broken) lines of the records were not whole, as after a kill; they are left out."
      )
    }
    page.add(
      "<nav>" + sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" }.joined() + "</nav>")
  }

  private static let headlines = [
    ("reward/mean", "reward"), ("sft/loss", "loss"), ("policy/entropy", "entropy, nats"),
    ("rollout/length_mean", "length, tokens"), ("optimizer/grad_norm", "gradient norm"),
    ("time/step", "step, s"),
  ]

  private func tile(_ title: String, _ value: String) -> String {
    "<div><span>\(escaped(title))</span><b>\(escaped(value))</b></div>"
  }

  private func change(_ curve: MetricCurve) -> String {
    curve.count > 1 ? "\(short(curve.first)) → \(short(curve.last))" : short(curve.last)
  }

  /// What the page has, for the links at its head.
  private var sections: [(id: String, title: String)] {
    var all = [("curves", "Curves")]
    if !record.detections.isEmpty { all.insert(("detections", "Detections"), at: 0) }
    if !evaluationNames.isEmpty { all.append(("evaluations", "Evaluations")) }
    all += [("costs", "Time and memory")]
    if !samples.steps.isEmpty { all.append(("samples", "Completions")) }
    if !about.settings.isEmpty { all.append(("settings", "Configuration")) }
    return all.map { (id: $0.0, title: $0.1) }
  }

  func open(_ id: String, _ title: String, _ page: inout Page) {
    page.add("<h2 id=\"\(id)\">\(escaped(title))</h2>")
  }

  // MARK: Configuration

  private func addSettings(to page: inout Page) {
    guard !about.settings.isEmpty else { return }
    open("settings", "Configuration", &page)
    let changed = about.settings.filter(\.isChanged)
    page.paragraph("What differs from the defaults:")
    page.add("<div class=\"settings\">")
    page.table(
      header: ["setting", "value", "default"],
      rows: changed.map { [$0.key, $0.difference.value, $0.difference.standard] })
    page.add(
      "</div><details id=\"all-settings\"><summary>All \(about.settings.count) settings</summary>")
    page.add("<div class=\"settings\">")
    page.table(header: ["setting", "value"], rows: about.settings.map { [$0.key, $0.value] })
    page.add("</div></details>")
  }
}

/// Three digits, or a dash for what is no number.
func short(_ value: Double) -> String {
  guard value.isFinite else { return "–" }
  let magnitude = abs(value)
  if magnitude >= 1e6 || (magnitude < 1e-3 && magnitude > 0) {
    return String(format: "%.2e", value)
  }
  let decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
  return String(format: "%.\(decimals)f", value)
}
