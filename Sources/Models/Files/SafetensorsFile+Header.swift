import JSON

extension SafetensorsFile {
  /// Reads and validates the header of the file `bytes`.
  static func header(
    of bytes: UnsafeBufferPointer<UInt8>, name: String
  ) throws -> (entries: [String: Entry], metadata: [String: String]) {
    func damaged(_ reason: String) -> ModelFileError { .damaged(file: name, reason: reason) }
    guard bytes.count >= 8, let base = bytes.baseAddress else {
      throw damaged(
        "it has \(bytes.count) bytes, too few for a header; it may not have been copied whole")
    }
    let length = UnsafeRawPointer(base).loadUnaligned(as: UInt64.self).littleEndian
    guard length <= UInt64(bytes.count - 8) else {
      throw damaged(
        """
        its header is said to have \(length) bytes, but the file has \(bytes.count); it may not \
        have been copied whole, or is no safetensors file
        """)
    }
    let start = 8 + Int(length)
    let text = UnsafeBufferPointer(rebasing: bytes[8..<start])
    let header = try JSON(parsing: text, source: "\(name) (header)")
    var entries: [String: Entry] = [:]
    var metadata: [String: String] = [:]
    for (key, value) in try header.requireObject() {
      if key == "__metadata__" {
        for (name, text) in value.object ?? [] { metadata[name] = text.string }
      } else {
        entries[key] = try entry(key, value, dataStart: start, fileEnd: bytes.count, file: name)
      }
    }
    try refuseOverlap(entries, file: name)
    return (entries, metadata)
  }

  private static func entry(
    _ name: String, _ value: JSON, dataStart: Int, fileEnd: Int, file: String
  ) throws -> Entry {
    func damaged(_ reason: String) -> ModelFileError {
      .damaged(file: file, reason: "tensor \(name) \(reason)")
    }
    let dtypeName = try value["dtype"].requireString()
    guard let shape = value["shape"].ints, let count = elementCount(shape) else {
      throw damaged("has the shape \(value["shape"].summary)")
    }
    guard let offsets = value["data_offsets"].ints, offsets.count == 2, offsets[0] >= 0,
      offsets[0] <= offsets[1]
    else { throw damaged("has the data_offsets \(value["data_offsets"].summary)") }
    let dataCount = fileEnd - dataStart
    guard offsets[1] <= dataCount else {
      throw damaged(
        """
        ends at byte \(offsets[1]) of the data, of which the file has \(dataCount); it may not \
        have been copied whole
        """)
    }
    if let dtype = Safetensors.DType(rawValue: dtypeName) {
      let (needed, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
      guard !overflow, offsets[1] - offsets[0] == needed else {
        throw damaged(
          "has \(offsets[1] - offsets[0]) bytes; \(shape) elements of \(dtypeName) need \(needed)")
      }
    }
    return Entry(
      shape: shape, dtypeName: dtypeName, bytes: dataStart + offsets[0]..<dataStart + offsets[1],
      count: count)
  }

  private static func refuseOverlap(_ entries: [String: Entry], file: String) throws {
    let sorted = entries.filter { !$0.value.bytes.isEmpty }
      .sorted { ($0.value.bytes.lowerBound, $0.key) < ($1.value.bytes.lowerBound, $1.key) }
    for (first, second) in zip(sorted, sorted.dropFirst())
    where second.value.bytes.lowerBound < first.value.bytes.upperBound {
      throw ModelFileError.damaged(
        file: file, reason: "tensors \(first.key) and \(second.key) overlap")
    }
  }
}
