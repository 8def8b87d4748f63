import Checkpoints
import Foundation
import Testing

@testable import Reports

/// A run's folder as a test writes it, removed with the value.
final class WrittenRun {
  let url = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString)")

  init() throws {
    for place in ["checkpoints", "rollouts"] {
      try FileManager.default.createDirectory(
        at: url.appending(path: place), withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  func folder() throws -> RunFolder { try RunFolder(reading: url) }

  func report(_ about: RunReport.About = RunReport.About()) throws -> RunReport {
    try RunReport(folder(), about)
  }
}

private func completion(
  _ prompt: String, _ sample: Int, verdict: String = "right", columns: Bool = false,
  text: String = "four"
) -> String {
  let own =
    columns
    ? #","old_logprobs":[-0.5,-2],"entropies":[0.25,1.5],"advantages":[1,-1],"mask":[1,0],"authors":[0,1]"#
    : ""
  return #"{"prompt_id":"\#(prompt)","sample":\#(sample),"prompt":"2+2=","text":"\#(text)","#
    + #""verdict":"\#(verdict)","reward":1.0,"advantage":0.5,"answer":"4","reason":"","#
    + #""stop":"end_token","ids":[7,2]\#(own)}"# + "\n"
}

@Test func everyMetricHasACurveInItsArea() throws {
  let run = try WrittenRun()
  try run.write(
    (1...5).map {
      #"{"step":\#($0),"reward/mean":0.\#($0),"time/step":2.\#($0),"mine/x":\#($0)}"# + "\n"
    }
    .joined(), "metrics.jsonl")
  let report = try run.report()
  #expect(report.record.stepCount == 5 && report.record.lastStep == 5)
  #expect(report.record["reward/mean"]?.mean == 0.3)
  let html = report.page.html
  for name in ["reward/mean", "mine/x", "time/step"] {
    #expect(html.contains("aria-label=\"\(name)\""))
  }
  #expect(RunReport.areas(of: report.record.curves).map(\.name) == ["reward", "time", "mine"])
}

@Test func whatEpisodesSpentTogetherIsNoShareOfTheRun() throws {
  let run = try WrittenRun()
  try run.write(#"{"step":1,"time/step":2,"time/environment":9}"# + "\n", "metrics.jsonl")
  let html = try run.report().page.html
  #expect(html.contains("<td>of these: environment, all episodes added up</td>"))
  #expect(!html.contains("450.0%"))
}

@Test func aMetricOfSomeStepsSaysOfHowMany() throws {
  let run = try WrittenRun()
  try run.write(
    #"{"step":1,"a/x":1}"# + "\n" + #"{"step":2,"a/x":1,"a/y":3}"# + "\n", "metrics.jsonl")
  let html = try run.report().page.html
  #expect(html.contains("<span>a/x <b>1.00</b></span>"))
  #expect(html.contains("<span>a/y <b>3.00</b> in 1 of 2 steps</span>"))
}

@Test func ofListsTheLinesThatDifferAreShown() {
  let setting = RunReport.Setting(key: "detectors", value: "a\nb: x 2", standard: "a\nb: x 1")
  #expect(setting.isChanged && setting.difference == ("b: x 2", "b: x 1"))
}

@Test func aRunThatWasKilledIsShownAsFarAsItIsWhole() throws {
  let run = try WrittenRun()
  try run.write(
    #"{"step":1,"reward/mean":1}"# + "\n" + #"{"step":2,"reward/mean":null}"# + "\n"
      + #"{"step":3,"rewa"#, "metrics.jsonl")
  try run.write(#"{"step":2,"detector":"entropy","acti"#, "detections.jsonl")
  try run.write(completion("a", 0) + #"{"prompt_id":"a","#, "rollouts/step-000001.jsonl")
  let report = try run.report()
  #expect(report.record.stepCount == 2 && report.record.broken == 2)
  #expect(report.record["reward/mean"]?.lost == 1)
  #expect(report.samples.steps.map(\.samples.count) == [1])
  #expect(report.page.html.contains("2 lines of the records were not whole"))
}

@Test func aRunWithoutAnythingIsAPage() throws {
  let report = try WrittenRun().report()
  #expect(report.status == .unstarted)
  #expect(report.page.html.contains("no step was done yet"))
}

@Test func theStatusFollowsPlanAndLock() throws {
  let run = try WrittenRun()
  try run.write(#"{"step":3,"reward/mean":1}"# + "\n", "metrics.jsonl")
  var about = RunReport.About()
  about.plannedSteps = 3
  #expect(try run.report(about).status == .finished)
  about.plannedSteps = 9
  #expect(try run.report(about).status == .interrupted)
  let owner = try RunFolder(resuming: run.url)
  #expect(try run.report(about).status == .running)
  withExtendedLifetime(owner) {}
}

@Test func thePageLoadsNothingAndTextStaysText() throws {
  let run = try WrittenRun()
  try run.write(#"{"step":1,"reward/mean":1}"# + "\n", "metrics.jsonl")
  try run.write(
    completion("<script>alert(1)</script>", 0, text: "</pre><img src=x onerror=alert(1)>"),
    "rollouts/step-000001.jsonl")
  try run.write(
    #"{"step":1,"detector":"<b>","proposed":{"action":"warn"},"reason":"<i>"}"# + "\n",
    "detections.jsonl")
  let html = try run.report().page.html
  for loading in [
    "http:", "https:", "<img", "@import", "url(", "<link", "<script", "<b>\"", "<i>\"",
  ] {
    #expect(!html.contains(loading), "\(loading)")
  }
}

@Test func detectionsMarkTheCurvesAndAreTold() throws {
  let run = try WrittenRun()
  try run.write(
    (1...9).map { #"{"step":\#($0),"reward/mean":0.\#($0)}"# + "\n" }.joined(), "metrics.jsonl")
  try run.write(
    #"{"step":4,"event":"gradients","detector":"gradient-spike","proposed":{"action":"skip_step"},"done":{"action":"skip_step"},"critical":true,"reason":"norm 88"}"#
      + "\n"
      + #"{"step":6,"event":"update","detector":"entropy","proposed":{"action":"stop"},"done":{"action":"none"},"critical":false,"reason":"low"}"#
      + "\n", "detections.jsonl")
  let report = try run.report()
  #expect(report.marks.map(\.x) == [4, 6] && report.marks.map(\.isGrave) == [true, false])
  let html = report.page.html
  #expect(
    html.contains("class=\"mark grave\"") && html.contains("step 4: gradient-spike: skip_step"))
  #expect(html.contains("<td>norm 88</td>") && html.contains("<td>stop, not done</td>"))
}

@Test func tokensAreShadedWhereTheRunKeptThem() throws {
  let run = try WrittenRun()
  try run.write(completion("a", 0, columns: true), "rollouts/step-000001.jsonl")
  var about = RunReport.About()
  about.decode = { $0 == 7 ? "four" : "<end>" }
  let html = try run.report(about).page.html
  #expect(html.contains("--e:0.17;--a:1.00;--l:0.10"))
  #expect(html.contains("class=\"n m w1\" style=\"--e:1.00;--a:0.00;--l:0.40\""))
  #expect(html.contains(">four</b>") && html.contains(">&lt;end&gt;</b>"))
  #expect(html.contains("id=\"by-author\""))
  #expect(try run.report().page.html.contains(">⟨7⟩</b>"))
}

@Test func samplesAreOfFewStepsAndOfEachVerdict() throws {
  let steps = Array(1...1000)
  let choice = RolloutSamples.choice(of: steps, marked: [500, 501, 777], count: 8)
  #expect(choice.count == 8 && choice.first == 1 && choice.last == 1000)
  #expect(choice.contains(500) && choice.contains(777) && choice == choice.sorted())
  #expect(RolloutSamples.choice(of: [3, 4], marked: [], count: 8) == [3, 4])

  let run = try WrittenRun()
  let group = (0..<6).map { completion("a", $0, verdict: $0 == 5 ? "wrong" : "right") }
  try run.write(group.joined() + completion("b", 0), "rollouts/step-000003.jsonl")
  let samples = RolloutSamples(try run.folder())
  #expect(samples.steps.map(\.count) == [7])
  #expect(samples.steps[0].samples.map(\.sample) == [0, 1, 5, 0])
}

@Test func aLongRunIsABoundedPage() throws {
  let run = try WrittenRun()
  let names = (0..<60).map { "area\($0 % 6)/metric\($0)" }
  var text = ""
  for step in 1...5000 {
    let values = names.map { "\"\($0)\":\(Double(step % 97) / 7)" }.joined(separator: ",")
    text += "{\"step\":\(step),\(values)}\n"
  }
  try run.write(text, "metrics.jsonl")
  let report = try run.report()
  #expect(report.record.curves.allSatisfy { $0.points.count <= 2 * MetricCurve.resolution })
  #expect(report.record.curves[0].count == 5000)
  #expect(
    report.record.curves[0].points.allSatisfy { $0.low ?? 0 >= 0 && $0.high ?? 0 <= 96.0 / 7 })
  #expect(report.page.html.utf8.count < 2_000_000)
}

@Test func whatDiffersFromTheDefaultsStandsFirst() throws {
  let run = try WrittenRun()
  var about = RunReport.About()
  about.settings = [
    .init(key: "run.steps", value: "7", standard: "100"),
    .init(key: "run.seed", value: "0", standard: "0"),
  ]
  let html = try run.report(about).page.html
  let head = try #require(html.firstRange(of: "All 2 settings"))
  let differing = html[..<head.lowerBound]
  #expect(differing.contains("<td>run.steps</td><td>7</td><td>100</td>"))
  #expect(!differing.contains("run.seed"))
}
