import Foundation
import Testing

@testable import Checkpoints

@Suite struct ManifestTests {
  let temporary: TemporaryFolder
  let folder: URL

  init() throws {
    temporary = try TemporaryFolder()
    folder = temporary.url.appending(path: "example")
    try AtomicFolder.create(folder) { try writeExample(into: $0, step: 7) }
  }

  @Test func listsEveryFileWithSizeAndChecksum() throws {
    let manifest = try Manifest(of: folder)
    #expect(manifest == (try Manifest(describing: folder)))
    #expect(
      manifest.entries.map(\.path) == [
        "model/config.json", "model/model.safetensors", "state.json",
      ])
    #expect(manifest.entries.map(\.size) == [2, 40_000, 1])
    #expect(
      manifest.entries[2].sha256
        == "7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451")  // of "7"
    try manifest.verify(folder)
  }

  @Test func refusesATruncatedFileWithBothSizes() throws {
    let file = folder.appending(path: "model/model.safetensors")
    truncate(file.path, 39_999)
    #expect(throws: CheckpointError.size(file: file.path, expected: 40_000, found: 39_999)) {
      try Manifest(of: folder).verify(folder)
    }
  }

  @Test func refusesAFlippedBitWithBothSums() throws {
    let file = folder.appending(path: "model/model.safetensors")
    let expected = try SHA256.hexadecimal(of: file)
    var bytes = try Data(contentsOf: file)
    bytes[12_345] ^= 1
    try bytes.write(to: file)
    let found = try SHA256.hexadecimal(of: file)
    #expect(expected != found)
    #expect(throws: CheckpointError.checksum(file: file.path, expected: expected, found: found)) {
      try Manifest(of: folder).verify(folder)
    }
  }

  @Test func refusesAMissingFileByName() throws {
    let file = folder.appending(path: "state.json")
    try FileManager.default.removeItem(at: file)
    #expect(throws: CheckpointError.missing(file: file.path)) {
      try Manifest(of: folder).verify(folder)
    }
  }

  @Test func refusesAFolderWithoutAManifest() throws {
    try FileManager.default.removeItem(at: folder.appending(path: Manifest.name))
    let error = #expect(throws: CheckpointError.self) { try Manifest(of: folder) }
    #expect(error?.description.contains("No such file") == true)
  }

  @Test func refusesATruncatedManifest() throws {
    let file = folder.appending(path: Manifest.name)
    truncate(file.path, 50)
    let error = #expect(throws: CheckpointError.self) { try Manifest(of: folder) }
    #expect(error?.description.contains("ends too early") == true)
  }

  @Test(arguments: ["/etc/passwd", "../other", "model/../../other"])
  func refusesAPathThatLeavesTheFolder(path: String) throws {
    let text = """
      {"format": "temper.manifest/1", "files": [{"path": "\(path)", "size": 1, "sha256": "00"}]}
      """
    try AtomicFile.write(text, to: folder.appending(path: Manifest.name))
    let error = #expect(throws: CheckpointError.self) { try Manifest(of: folder) }
    #expect(error?.description.contains("outside of the folder") == true)
  }
}
