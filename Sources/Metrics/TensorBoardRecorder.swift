import Foundation

/// Keeps the metrics of a run in an event file of its folder, `events.out.tfevents.<time>.<host>`,
/// which TensorBoard and what else reads such files show without a step between.
///
/// The file is made, or the last one of the folder gone on with, at the first record, so that what
/// resuming moves away is moved before. Each record is one write, as in ``JSONLinesRecorder``.
public final class TensorBoardRecorder: MetricRecorder {
  private let folder: URL
  private let time: () -> Double
  private var file: AppendedFile?

  /// - Parameter folder: the run's, or any other that is there.
  public convenience init(in folder: URL) {
    self.init(in: folder) { Date().timeIntervalSince1970 }
  }

  init(in folder: URL, time: @escaping () -> Double) { (self.folder, self.time) = (folder, time) }

  public func record(_ metrics: StepMetrics, step: Int) throws(MetricError) {
    if file == nil { file = try begin() }
    try file!.append(EventFile.summary(metrics, step: step, time: time()))
  }

  private func begin() throws(MetricError) -> AppendedFile {
    let name = "\(EventFile.prefix)\(Int(time())).\(Self.host)"
    let last = EventFile.files(in: folder).last
    let file = try AppendedFile(last ?? folder.appending(path: name))
    if file.isEmpty { try file.append(EventFile.version(time: time())) }
    return file
  }

  /// The machine's name, as far as it can stand in a file's.
  private static var host: String {
    let name = ProcessInfo.processInfo.hostName.filter { !"/\\\0".contains($0) }
    return name.isEmpty ? "localhost" : name
  }
}
