import Foundation
import JSON
import Kernels
import Synchronization

/// The weights of a model folder: `model.safetensors`, or shards and their index.
///
/// Names are those of ``ModelConfiguration/expectedTensors``, whatever prefix the files use. May
/// be read from many threads at once.
public final class WeightFiles: Sendable {
  private struct Place {
    let file: SafetensorsFile
    /// The name in the file.
    let name: String

    /// Reads and checks the elements `range` of the tensor.
    func read(_ range: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) throws {
      try file.read(name, elements: range, into: values)
      guard let index = Safetensors.firstNonFinite(in: UnsafeBufferPointer(values)) else { return }
      throw ModelFileError.nonFinite(
        file: file.url.lastPathComponent, tensor: name,
        element: indices(of: range.lowerBound + index), value: "\(values[index])")
    }

    /// Row and column, and so on, of the element `offset` in row-major order.
    private func indices(of offset: Int) -> [Int] {
      var rest = offset
      let reversed = (file.entry(name)?.shape ?? []).reversed().map { dimension in
        defer { rest /= dimension }
        return rest % dimension
      }
      return reversed.reversed()
    }
  }

  private let places: [String: Place]
  /// Tensors in the files that the model does not use, for a warning.
  public let unusedNames: [String]

  /// Opens every file and checks that all expected tensors are there, with their shapes, in a
  /// type that can be read. No weight is touched yet.
  public init(folder: URL, for configuration: ModelConfiguration) throws {
    let stored = try Self.storedTensors(in: folder)
    var places: [String: Place] = [:]
    for (name, file) in stored { places[Self.plainName(name)] = Place(file: file, name: name) }

    let expected = configuration.expectedTensors
    let missing = expected.map(\.name).filter { places[$0] == nil }
    guard missing.isEmpty else {
      throw ModelFileError.missingTensors(in: folder.lastPathComponent, names: missing)
    }
    for (name, shape) in expected {
      let place = places[name]!
      let entry = place.file.entry(place.name)!
      let file = place.file.url.lastPathComponent
      guard entry.shape == shape else {
        throw ModelFileError.shape(
          file: file, tensor: place.name, found: entry.shape, expected: shape)
      }
      try entry.requireFloats(place.name, file: file)
    }
    let known = Set(expected.map(\.name))
    unusedNames = places.filter { !known.contains($0.key) }.map(\.value.name)
      .filter { !Self.isExpendable($0, configuration) }.sorted()
    self.places = places.filter { known.contains($0.key) }
  }

  /// The type in which the files hold a tensor.
  public func dtype(of name: String) -> Safetensors.DType? {
    places[name].flatMap { $0.file.entry($0.name)?.dtype }
  }

  /// Reads rows of a tensor, all but where told, as float32, and gives their pages back to the system.
  /// On all threads.
  ///
  /// - Parameters:
  ///   - rows: of the first dimension.
  ///   - output: as many elements as those rows have.
  /// - Throws: ``ModelFileError/nonFinite(file:tensor:element:value:)`` where the file holds a NaN
  ///   or an infinity.
  public func read(
    _ name: String, rows: Range<Int>? = nil, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let place = places[name], let entry = place.file.entry(place.name) else {
      preconditionFailure("\(name) is no tensor of this model")
    }
    let width = entry.shape.dropFirst().reduce(1, *)
    let elements = rows.map { $0.lowerBound * width..<$0.upperBound * width } ?? 0..<entry.count
    precondition(
      output.count == elements.count, "\(output.count) floats for \(elements.count) of \(name)")
    // Converted and checked piece by piece, so that the check finds its numbers in cache.
    let piece = 1 << 14
    let problem = Mutex<(start: Int, error: any Error)?>(nil)
    ThreadPool.parallel((elements.count + piece - 1) / piece) { index in
      let start = elements.lowerBound + index * piece
      let range = start..<min(start + piece, elements.upperBound)
      let values = UnsafeMutableBufferPointer(
        rebasing: output[index * piece..<index * piece + range.count])
      do {
        try place.read(range, into: values)
      } catch {
        problem.withLock { if start < $0?.start ?? .max { $0 = (start, error) } }
      }
    }
    if let problem = problem.withLock({ $0 }) { throw problem.error }
    place.file.release(place.name, elements: elements)
  }
}

// MARK: Names

extension WeightFiles {
  /// The name without the prefix that multimodal files put before the language model's tensors.
  static func plainName(_ name: String) -> String {
    if name.hasPrefix("language_model.") { return String(name.dropFirst("language_model.".count)) }
    let nested = "model.language_model."
    return name.hasPrefix(nested) ? "model." + name.dropFirst(nested.count) : name
  }

  /// True for tensors that say nothing: tables of old Llama files and the copy of a tied head.
  static func isExpendable(_ name: String, _ configuration: ModelConfiguration) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq")
      || configuration.tiedEmbeddings && plainName(name) == "lm_head.weight"
  }
}

// MARK: Files

extension WeightFiles {
  public static let singleName = "model.safetensors"
  public static let indexName = "model.safetensors.index.json"

  /// Every tensor of the folder and the file that holds it; a single file wins over shards.
  private static func storedTensors(in folder: URL) throws -> [(name: String, SafetensorsFile)] {
    let single = folder.appending(path: singleName)
    if FileManager.default.fileExists(atPath: single.path) {
      let file = try SafetensorsFile(single)
      return file.names.map { ($0, file) }
    }
    let index = folder.appending(path: indexName)
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw ModelFileError.noWeights(folder: folder.path)
    }
    return try shardedTensors(in: folder, index: JSON(contentsOf: index))
  }

  private static func shardedTensors(
    in folder: URL, index: JSON
  ) throws -> [(name: String, SafetensorsFile)] {
    var shards: [String: SafetensorsFile] = [:]
    return try index["weight_map"].requireObject().map { name, value in
      let shard = try value.requireString()
      if shards[shard] == nil { shards[shard] = try open(shard, in: folder) }
      guard let file = shards[shard], file.entry(name) != nil else {
        throw ModelFileError.damaged(
          file: indexName, reason: "tensor \(name) is said to be in \(shard), which lacks it")
      }
      return (name, file)
    }
  }

  private static func open(_ shard: String, in folder: URL) throws -> SafetensorsFile {
    // A shard is a file of this folder; a path that leads elsewhere was not written by a saver.
    guard !shard.isEmpty, !shard.contains("/") else {
      throw ModelFileError.damaged(file: indexName, reason: "'\(shard)' is no file of the folder")
    }
    let url = folder.appending(path: shard)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw ModelFileError.damaged(
        file: indexName, reason: "the shard \(shard) is not in the folder; download it again")
    }
    return try SafetensorsFile(url)
  }
}
