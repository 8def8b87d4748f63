import Foundation

/// A folder of a test's own, removed with it.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Every name below the folder, hidden ones too, sorted.
  var names: [String] {
    (try? FileManager.default.subpathsOfDirectory(atPath: url.path))?.sorted() ?? []
  }
}

/// Files of a few kinds and sizes, as a checkpoint has them. `step` decides their bytes.
func writeExample(into folder: URL, step: Int, bytes: Int = 40_000) throws {
  let model = folder.appending(path: "model")
  try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
  try Data("{}".utf8).write(to: model.appending(path: "config.json"))
  try Data(repeating: UInt8(step & 255), count: bytes)
    .write(to: model.appending(path: "model.safetensors"))
  try Data("\(step)".utf8).write(to: folder.appending(path: "state.json"))
}
