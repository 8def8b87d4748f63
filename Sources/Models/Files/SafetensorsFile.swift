import Foundation
import JSON

/// A safetensors file, mapped into memory and checked from end to end before it is used.
///
/// May be read from many threads at once.
public final class SafetensorsFile: @unchecked Sendable {
  public struct Entry: Sendable, Equatable {
    public let shape: [Int]
    /// The type's name in the file, which may be one that temper cannot read.
    public let dtypeName: String
    /// From the start of the file.
    let bytes: Range<Int>

    public var dtype: Safetensors.DType? { Safetensors.DType(rawValue: dtypeName) }
    /// The product of the shape, 1 for a scalar.
    public let count: Int
  }

  public let url: URL
  public let metadata: [String: String]
  private let file: FileBytes
  private let entries: [String: Entry]

  /// Maps the file and validates its header: every range inside the file, as long as shape and
  /// type say, none overlapping another.
  ///
  /// - Throws: ``ModelFileError/damaged(file:reason:)``; `JSONError` where the file or its header
  ///   cannot be read.
  public init(_ url: URL) throws {
    self.url = url
    file = try FileBytes(of: url)
    (entries, metadata) = try Self.header(of: file.bytes, name: url.lastPathComponent)
  }

  /// The tensors' names, sorted.
  public var names: [String] { entries.keys.sorted() }

  public func entry(_ name: String) -> Entry? { entries[name] }

  /// Reads a whole tensor as float32.
  public func read(_ name: String, into output: UnsafeMutableBufferPointer<Float>) throws {
    let entry = try floats(name)
    precondition(
      output.count == entry.count, "\(output.count) floats for the \(entry.count) of \(name)")
    try read(name, elements: 0..<entry.count, into: output)
  }

  /// Reads the elements `range` of a tensor, in row-major order, as float32.
  ///
  /// - Throws: ``ModelFileError`` where there is no such tensor or its type is none of floats.
  public func read(
    _ name: String, elements range: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
  ) throws {
    let entry = try floats(name)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= entry.count && output.count == range.count,
      "elements \(range) of \(entry.count) into \(output.count)")
    guard let dtype = entry.dtype, let base = file.bytes.baseAddress, !range.isEmpty else { return }
    let start = entry.bytes.lowerBound + range.lowerBound * dtype.byteCount
    Safetensors.decode(UnsafeRawPointer(base) + start, dtype, into: output)
  }

  /// Tells the system that the pages of some elements will not be needed again, so that a model that
  /// has been copied does not count twice.
  public func release(_ name: String, elements range: Range<Int>) {
    guard let entry = entries[name], let dtype = entry.dtype, let base = file.bytes.baseAddress
    else { return }
    let page = Int(getpagesize())
    let start = entry.bytes.lowerBound
    let first = (start + range.lowerBound * dtype.byteCount + page - 1) / page * page
    let last = (start + range.upperBound * dtype.byteCount) / page * page
    guard first < last else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
  }

  /// The entry of a tensor that can be read as float32.
  private func floats(_ name: String) throws -> Entry {
    guard let entry = entries[name] else {
      throw ModelFileError.missingTensors(in: url.lastPathComponent, names: [name])
    }
    try entry.requireFloats(name, file: url.lastPathComponent)
    return entry
  }
}

extension SafetensorsFile.Entry {
  /// - Throws: ``ModelFileError/dtype(file:tensor:dtype:)`` unless the elements are floats.
  func requireFloats(_ name: String, file: String) throws {
    guard dtype?.torchName == nil else { return }
    throw ModelFileError.dtype(file: file, tensor: name, dtype: dtypeName)
  }
}
