import Arena
import Checkpoints
import Foundation
import Metrics

/// Does the runs of an arena, several at a time. What is done stays done: a run whose evaluation
/// lies in its folder is not repeated, nor is one that failed.
struct ArenaRunner {
  let configuration: ArenaConfiguration
  let files: ArenaFiles

  init(_ configuration: ArenaConfiguration) throws {
    self.configuration = configuration
    files = ArenaFiles(root: URL(filePath: configuration.output))
    try FileManager.default.createDirectory(at: files.root, withIntermediateDirectories: true)
    let settings = try configuration.evaluationSettings()
    try AtomicFile.write(EvalConfiguration.table.yaml(settings), to: files.evaluation)
  }

  /// Measures the model that every run starts from, once.
  func measureStart() throws {
    guard !exists(files.start) else { return }
    let log = files.root.appending(path: "start.log")
    let process = try temper(
      files.evaluation(of: configuration.model, report: files.start),
      threads: configuration.threads, log: log)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ArenaEnded.failed("the evaluation of the start failed; \(log.path) says why")
    }
  }

  /// The results of `cells`, in their order; `nil` where a run failed.
  ///
  /// - Throws: ``ArenaEnded`` where it was interrupted, or every run failed.
  func results(of cells: [ArenaCell], _ label: String) throws -> [ArenaMeasurement?] {
    let progress = Metrics.Progress("arena \(label)", total: cells.count, unit: "runs")
    defer { progress.finish() }
    var waiting = cells.filter { !exists(files.report($0)) && !exists(files.failure($0)) }
    let before = cells.count - waiting.count
    if before > 0 { progress.message("\(before) of \(cells.count) runs were done before") }
    var jobs: [ArenaJob] = []
    while !waiting.isEmpty || !jobs.isEmpty {
      while jobs.count < configuration.jobs, !waiting.isEmpty, !Interruption.isRequested {
        jobs.append(try ArenaJob(waiting.removeFirst(), configuration, files))
      }
      guard !jobs.isEmpty else {
        throw ArenaEnded.failed("interrupted; the same command goes on from here")
      }
      jobs = try jobs.filter { job in
        switch try job.advance() {
        case .running: return true
        case .done: return false
        case .failed:
          guard !Interruption.isRequested else {
            try? FileManager.default.removeItem(at: files.failure(job.cell))
            return false
          }
          progress.message(
            "temper: the run \(job.cell.folder) failed; \(files.log(job.cell).path) says why")
          return false
        }
      }
      progress.advance(
        to: cells.count - waiting.count - jobs.count,
        note: jobs.map(\.cell.folder).joined(separator: ", "))
      Thread.sleep(forTimeInterval: 0.05)
    }
    let results = try cells.map { cell in
      exists(files.failure(cell))
        ? nil : try ArenaMeasurement(metrics: files.metrics(cell), report: files.report(cell))
    }
    guard cells.isEmpty || results.contains(where: { $0 != nil }) else {
      throw ArenaEnded.failed(
        "all \(cells.count) runs failed; \(files.log(cells[0]).path) says why of the first")
    }
    return results
  }

  private func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
}

/// Why an arena has no table.
enum ArenaEnded: Error, CustomStringConvertible {
  case failed(String)
  var description: String {
    switch self {
    case .failed(let what): what
    }
  }
}
