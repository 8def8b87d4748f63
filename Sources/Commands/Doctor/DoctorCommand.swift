import ArgumentParser
import Foundation
import JSON

/// `temper doctor`: what would spoil a run, before it, and what this machine can do.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look for what would spoil a run, before it; without one, at this machine alone.",
    usage: """
      temper doctor
      temper doctor --model DIR --data FILE --verifier NAME [settings]
      temper doctor --config FILE [settings]
      """,
    discussion: """
      Settings are those of temper grpo. Nothing is trained or written. The exit status is 1 where \
      a run would be spoiled.
      """)

  @OptionGroup var arguments: SettingsArguments
  @Option(help: "Groups to sample, to see whether their rewards differ; 0 for none.")
  var groups = 16
  @Option(help: "Seconds that sampling them may take; what is left of a minute unless given.")
  var seconds: Double?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard groups >= 0 else { throw ValidationError("--groups is \(groups); use 0 or more.") }
    if let seconds, seconds <= 0 {
      throw ValidationError("--seconds is \(seconds); use more than 0.")
    }
  }

  func run() throws {
    var findings = Finding.machine
    let hasRun = arguments.config != nil || !arguments.settings.isEmpty
    if hasRun {
      let configuration = try GRPOConfiguration.resolved(arguments)
      findings += try RunExamination(configuration, groups: groups, seconds: seconds).findings
    }
    report(findings)
    if findings.contains(where: { $0.state == .fault }) { throw ExitCode(1) }
  }

  private func report(_ findings: [Finding]) {
    if json {
      let members = findings.map { JSONLiteral.Member($0.name, $0.json) }
      return Console.report(JSONLiteral.object(members).serialized())
    }
    let width = findings.map(\.name.count).max()! + 2
    for finding in findings {
      let mark = finding.state.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
      let name = finding.name.padding(toLength: width, withPad: " ", startingAt: 0)
      Console.report(mark + name + finding.text)
      if !finding.remedy.isEmpty {
        Console.report(String(repeating: " ", count: 8 + width) + "→ " + finding.remedy)
      }
    }
  }
}
