import ArgumentParser
import Checkpoints
import Foundation
import JSON
import Reports

/// `temper report`: one page about a run.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write one page about a run, or follow it in a browser.",
    usage: """
      temper report RUN [--out FILE]
      temper report RUN --serve [PORT]
      """,
    discussion: """
      The page loads nothing: curves with the marks of detectors, time and memory, evaluations, \
      completions with their verdicts and tokens, and the configuration. The run may be going on, \
      or have been killed.
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run")) var path: String
  @Argument(help: "With --serve: the port on 127.0.0.1; 0 for one that is free.")
  var port: UInt16?
  @Option(help: "The file to write; report.html in the run's folder unless given.")
  var out: String?
  @Flag(help: "Serve the page on 127.0.0.1 alone and keep it up to date, until Ctrl-C.")
  var serve = false
  @Flag(help: "Print what was written, or where it is served, as JSON.") var json = false

  /// Where a run is served unless another port is named.
  static let usualPort: UInt16 = 6060

  func validate() throws {
    guard port == nil || serve else { throw ValidationError("a port goes with --serve.") }
    guard out == nil || !serve else { throw ValidationError("give either --out or --serve.") }
  }

  func run() throws {
    let folder = try RunFolder(reading: URL(filePath: path, directoryHint: .isDirectory))
    guard !serve else { return try follow(folder) }
    let report = try RunReport(folder, aboutRun(folder))
    let file = out.map { URL(filePath: $0) } ?? folder.folder.appending(path: "report.html")
    let html = report.page.html
    try AtomicFile.write(html, to: file)
    if json {
      let written: JSONLiteral = [
        "report": .string(file.path), "bytes": .int(html.utf8.count),
        "steps": .int(report.record.stepCount), "status": .string(report.status.rawValue),
        "detections": .int(report.record.detections.count),
      ]
      Console.report(written.serialized())
    } else {
      Console.note("the report is in \(file.path)")
    }
  }

  private func follow(_ folder: RunFolder) throws {
    Interruption.listen()
    let about = try aboutRun(folder)
    let server = try PageServer(port: port ?? Self.usualPort) {
      folder.stamp
    } render: {
      var page = try RunReport(folder, about).page
      page.script = PageServer.script
      return page.html
    }
    let address = "http://127.0.0.1:\(server.port)/"
    if json {
      Console.report(JSONLiteral.object([.init("url", .string(address))]).serialized())
    }
    Console.note("\(folder.folder.path) is at \(address); Ctrl-C ends it")
    server.run { Interruption.isRequested }
  }
}

extension RunFolder {
  /// Changes whenever a report of the run would.
  fileprivate var stamp: String {
    func size(_ name: String) -> String {
      var status = stat()
      guard stat(folder.appending(path: name).path, &status) == 0 else { return "-" }
      return "\(status.st_size).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
    return ["metrics.jsonl", "detections.jsonl", "rollouts", "evaluations"].map(size)
      .joined(separator: " ") + " \(isBeingWritten)"
  }
}
