import Foundation
import JSON

/// The list of a folder's files with their sizes and checksums: `manifest.json`.
///
/// It is written last, so a folder that has one was finished; and a folder that agrees with it is
/// the one that was written.
public struct Manifest: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    /// Relative to the folder, with `/` between its parts.
    public let path: String
    public let size: Int
    public let sha256: String
  }

  public static let name = "manifest.json"
  static let format = "temper.manifest/1"

  /// In the order of their paths.
  public let entries: [Entry]

  /// The bytes of all files together.
  public var size: Int { entries.reduce(0) { $0 + $1.size } }

  /// Describes every file below `folder` but the manifest itself.
  public init(describing folder: URL) throws {
    entries = try FileTree.files(below: folder).filter { $0 != Self.name }.map { path in
      let file = folder.appending(path: path)
      return Entry(
        path: path, size: try FileTree.size(of: file), sha256: try SHA256.hexadecimal(of: file))
    }
  }

  /// Reads the manifest of `folder`, without looking at the files.
  /// - Throws: ``CheckpointError/manifest(folder:reason:)``.
  public init(of folder: URL) throws(CheckpointError) {
    do {
      let json = try JSON(contentsOf: folder.appending(path: Self.name))
      let format = try json["format"].requireString()
      guard format == Self.format else {
        throw CheckpointError.manifest(
          folder: folder.path, reason: "its format is '\(format)', not '\(Self.format)'")
      }
      entries = try json["files"].requireArray().map { entry in
        let path = try entry["path"].requireString()
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
          throw CheckpointError.manifest(
            folder: folder.path, reason: "it lists '\(path)', which is outside of the folder")
        }
        return Entry(
          path: path, size: try entry["size"].requireInt(),
          sha256: try entry["sha256"].requireString())
      }
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw .manifest(folder: folder.path, reason: "\(error)")
    }
  }

  /// Refuses a folder in which a listed file is missing or has other bytes. Files that are not
  /// listed do not matter.
  public func verify(_ folder: URL) throws {
    // Sizes first: they find a truncated file without reading the others.
    for entry in entries {
      let file = folder.appending(path: entry.path)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw CheckpointError.missing(file: file.path)
      }
      let size = try FileTree.size(of: file)
      guard size == entry.size else {
        throw CheckpointError.size(file: file.path, expected: entry.size, found: size)
      }
    }
    for entry in entries {
      let file = folder.appending(path: entry.path)
      let sum = try SHA256.hexadecimal(of: file)
      guard sum == entry.sha256 else {
        throw CheckpointError.checksum(file: file.path, expected: entry.sha256, found: sum)
      }
    }
  }

  var text: String {
    let files = entries.map { entry -> JSONLiteral in
      ["path": .string(entry.path), "size": .int(entry.size), "sha256": .string(entry.sha256)]
    }
    let manifest: JSONLiteral = ["format": .string(Self.format), "files": .array(files)]
    return manifest.serialized(indent: 2) + "\n"
  }
}
