import Foundation
import JSON
import Tensors

extension Safetensors {
  /// A tensor to be written: its place and a way to get at its elements.
  public struct Tensor {
    public let name: String
    public let shape: [Int]
    /// Copies the elements `range`, in row-major order, to the start of the buffer.
    public let copy: (_ range: Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void

    public init(
      name: String, shape: [Int],
      copy: @escaping (_ range: Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
    ) {
      (self.name, self.shape, self.copy) = (name, shape, copy)
    }

    /// A tensor whose `shape` elements lie at `base`, which must outlive the writing.
    public init(name: String, shape: [Int], base: UnsafePointer<Float>) {
      self.init(name: name, shape: shape) { range, buffer in
        buffer.baseAddress?.update(from: base + range.lowerBound, count: range.count)
      }
    }

    var count: Int {
      guard let count = elementCount(shape) else { preconditionFailure("\(name) is \(shape)") }
      return count
    }
  }

  /// Elements converted at a time; bounds the memory that writing takes.
  static let chunkCount = 1 << 18

  /// Writes a file, its tensors sorted by name, under a temporary name that takes the place of
  /// `url` once everything is on disk.
  ///
  /// - Parameters:
  ///   - dtype: float32 or bfloat16.
  ///   - metadata: strings for the header; PyTorch's readers want `format`.
  /// - Throws: ``ModelFileError/unwritable(file:reason:)``, with nothing left behind; what a
  ///   tensor's `copy` throws.
  public static func write(
    _ tensors: [Tensor], as dtype: DType, to url: URL,
    metadata: [String: String] = ["format": "pt"]
  ) throws {
    precondition(dtype == .float32 || dtype == .bfloat16, "weights are not written as \(dtype)")
    let sorted = tensors.sorted { $0.name < $1.name }
    try FileWriter.replace(url) { writer in
      try writer.write(header(of: sorted, dtype, metadata))
      let chunk = Storage<Float>(chunkCount, zeroed: false)
      let halves = Storage<UInt16>(dtype == .bfloat16 ? chunkCount : 0, zeroed: false)
      for tensor in sorted {
        for start in stride(from: 0, to: tensor.count, by: chunkCount) {
          let range = start..<min(start + chunkCount, tensor.count)
          let values = UnsafeMutableBufferPointer(start: chunk.pointer, count: range.count)
          try tensor.copy(range, values)
          if dtype == .bfloat16 {
            encodeBFloat16(UnsafeBufferPointer(values), into: halves.pointer)
            try writer.write(UnsafeRawBufferPointer(start: halves.pointer, count: 2 * range.count))
          } else {
            try writer.write(UnsafeRawBufferPointer(values))
          }
        }
      }
    }
  }

  /// Length and JSON, padded with spaces so that the data starts at a multiple of 8.
  private static func header(
    of tensors: [Tensor], _ dtype: DType, _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [JSONLiteral.Member] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
      members.append(
        .init("__metadata__", .object(texts.map { .init($0.key, .string($0.value)) })))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.count * dtype.byteCount
      members.append(
        .init(
          tensor.name,
          [
            "dtype": .string(dtype.rawValue), "shape": .array(tensor.shape.map { .int($0) }),
            "data_offsets": [.int(offset), .int(end)],
          ]))
      offset = end
    }
    var text = Array(JSONLiteral.object(members).serialized().utf8)
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
  }
}
