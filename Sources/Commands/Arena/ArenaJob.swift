import Arena
import Foundation

/// One run of the arena under way: `temper grpo`, then `temper eval` on the model that came out,
/// each a process of its own.
final class ArenaJob {
  enum State { case running, done, failed }

  let cell: ArenaCell
  private let files: ArenaFiles
  private let configuration: ArenaConfiguration
  private var process: Process
  private var isTrained = false

  /// Begins a run anew; what an arena that was cut short left of it goes.
  init(_ cell: ArenaCell, _ configuration: ArenaConfiguration, _ files: ArenaFiles) throws {
    (self.cell, self.configuration, self.files) = (cell, configuration, files)
    let place = files.folder(cell)
    try? FileManager.default.removeItem(at: place)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    process = try temper(
      configuration.training(cell, in: place), threads: configuration.threads,
      log: files.log(cell))
  }

  /// Looks whether a process has ended, and starts the one that follows it.
  func advance() throws -> State {
    guard !process.isRunning else { return .running }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      try Data("\(process.terminationStatus)\n".utf8).write(to: files.failure(cell))
      return .failed
    }
    guard !isTrained else { return .done }
    isTrained = true
    process = try temper(
      files.evaluation(
        of: files.folder(cell).appending(path: "grpo/checkpoints/latest/model").path,
        report: files.report(cell)),
      threads: configuration.threads, log: files.log(cell))
    return .running
  }
}

/// Where the files of an arena are.
struct ArenaFiles {
  let root: URL

  func folder(_ cell: ArenaCell) -> URL { root.appending(path: cell.folder) }
  func metrics(_ cell: ArenaCell) -> URL { folder(cell).appending(path: "grpo/metrics.jsonl") }
  /// The evaluation that ends a run; where it is, the run is done.
  func report(_ cell: ArenaCell) -> URL { folder(cell).appending(path: "report.json") }
  /// The exit status of a run that failed.
  func failure(_ cell: ArenaCell) -> URL { folder(cell).appending(path: "failed") }
  func log(_ cell: ArenaCell) -> URL { folder(cell).appending(path: "log.txt") }
  /// The evaluation of the model that every run starts from.
  var start: URL { root.appending(path: "start.json") }
  /// The settings of every evaluation.
  var evaluation: URL { root.appending(path: "eval.yaml") }

  /// The arguments of `temper eval`.
  func evaluation(of model: String, report: URL) -> [String] {
    ["eval", "--config", evaluation.path, "--model", model, "--report", report.path]
  }
}

extension ArenaConfiguration {
  /// The arguments of `temper grpo`.
  fileprivate func training(_ cell: ArenaCell, in folder: URL) -> [String] {
    var arguments = ["grpo"]
    if !grpo.isEmpty { arguments += ["--config", grpo] }
    arguments += [
      "--model", model, "--data", data, "--seed", "\(cell.seed)", "--runs", folder.path,
      "--name", "grpo", "--run.keep-checkpoints", "1",
    ]
    if let rate = cell.learningRate { arguments += ["--lr", "\(rate)"] }
    if let entropy = cell.entropy { arguments += ["--entropy", entropy] }
    return arguments + pluginFolders.flatMap { ["--plugins", $0] }
  }

  /// The settings of `temper eval` that go with the task: its verifiers, template and length limit,
  /// and one seed for every model.
  func evaluationSettings() throws(ConfigurationError) -> EvalConfiguration {
    var task = GRPOConfiguration()
    if !grpo.isEmpty { try GRPOConfiguration.table.apply(file: URL(filePath: grpo), to: &task) }
    var settings = EvalConfiguration()
    settings.data = task.data
    settings.data.path = test
    settings.verifiers = task.verifiers
    settings.pluginFolders = task.pluginFolders + pluginFolders
    settings.rollout = task.rollout
    settings.samples = samples
    return settings
  }
}

/// Starts this program again with other arguments.
///
/// - Parameter log: takes what it says on the way.
func temper(_ arguments: [String], threads: Int, log: URL) throws -> Process {
  let process = Process()
  process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(
    ["TEMPER_THREADS": "\(threads)"]) { $1 }
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  let descriptor = open(log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else {
    throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: log.path])
  }
  process.standardError = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  try process.run()
  return process
}
