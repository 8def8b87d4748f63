import Testing

@testable import Metrics

/// What was written, and a clock that moves when told to.
private final class Screen {
  var text = ""
  var time = 0.0

  func progress(terminal: Bool, total: Int = 200, first: Int = 0, columns: Int = 80) -> Progress {
    Progress(
      "grpo", total: total, first: first, unit: "steps", plainInterval: 10, isTerminal: terminal,
      columns: { columns }, now: { self.time }, write: { self.text += $0 })
  }
}

@Test func aTerminalHasOneLineThatIsRewritten() {
  let screen = Screen()
  let progress = screen.progress(terminal: true)
  screen.time = 20
  progress.advance(to: 40, note: "reward/mean 0.5")
  #expect(
    screen.text
      == "\r\u{1B}[Kgrpo  40/200 steps  20%  2.00 steps/s  1 min 20 s left  reward/mean 0.5")
  progress.finish()
  #expect(screen.text.hasSuffix("\n"))
}

@Test func aTerminalsLineFitsItsWidth() {
  let screen = Screen()
  let progress = screen.progress(terminal: true, columns: 30)
  screen.time = 1
  progress.advance(to: 40, note: "reward/mean 0.5")
  #expect(screen.text.count <= 29 + "\r\u{1B}[K".count)
}

@Test func aPipeHasPlainLinesNowAndThenAndTheLast() {
  let screen = Screen()
  let progress = screen.progress(terminal: false, total: 40)
  for step in 1...40 {
    screen.time += 1
    progress.advance(to: step)
  }
  progress.finish()
  let lines = screen.text.split(separator: "\n")
  #expect(lines.count == 5)
  #expect(lines[0] == "grpo  1/40 steps  2%  1.00 steps/s  39 s left")
  #expect(lines[4] == "grpo  40/40 steps  100%  1.00 steps/s  in 40 s")
  #expect(!screen.text.contains("\u{1B}") && !screen.text.contains("\r"))
}

@Test func stepsBeforeAResumeAreNoPartOfTheRate() {
  let screen = Screen()
  let progress = screen.progress(terminal: false, first: 100)
  screen.time = 30
  progress.advance(to: 110)
  #expect(screen.text == "grpo  110/200 steps  55%  3.00 s/step  4 min 30 s left\n")
}

@Test func theConsoleShowsTheChosenMetricsOfAStep() {
  let screen = Screen()
  let recorder = ConsoleRecorder(
    screen.progress(terminal: false), showing: ["reward/mean", "policy/entropy", "time/step"])
  recorder.record(["policy/entropy": 0.40251, "reward/mean": 1, "policy/loss": 3], step: 1)
  #expect(screen.text == "grpo  1/200 steps  0%  reward/mean 1.00  policy/entropy 0.403\n")
}

@Test func numbersAreShortAndTimesReadable() {
  #expect(
    [0, 0.0123456, 1.5, 12.34, 567.8, 1e-5, -2e7].map(Progress.short) == [
      "0.000", "0.012", "1.50", "12.3", "568", "1.00e-05", "-2.00e+07",
    ])
  #expect(
    [0.4, 59.6, 200, 7500].map(Progress.duration) == [
      "0 s", "1 min 00 s", "3 min 20 s", "2 h 05 min",
    ])
}
