import Foundation

/// The event files that TensorBoard reads: records with checksums around protocol buffers.
///
/// A record is the length of its data (8 bytes), the masked CRC-32C of those 8 bytes, the data, and
/// the masked CRC-32C of the data, little-endian. The data is an `Event`: its time (field 1,
/// double), its step (2, integer), and either the version of the file (3) or a `Summary` (5) of
/// values (1), each with a tag (1) and a float (2).
public enum EventFile {
  /// What the names of such files begin with; the time of their making and the machine follow.
  public static let prefix = "events.out.tfevents."

  /// The event files in a folder, in the order in which they were begun.
  public static func files(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix(prefix) }.sorted().map { folder.appending(path: $0) }
  }

  /// The records of a file up to those of a step, and from its first later step on; those behind the
  /// record that begins every file. What a killed process left unfinished is in neither.
  public static func split(_ bytes: [UInt8], after step: Int) -> (kept: [UInt8], later: [UInt8]) {
    var (head, cut, end) = (0, Int?.none, 0)
    while let data = record(in: bytes, at: end) {
      if cut == nil, self.step(of: bytes[data]) > step { cut = end }
      end = data.upperBound + 4
      if head == 0 { head = end }
    }
    guard let cut, cut < end else { return (Array(bytes[..<end]), []) }
    return (Array(bytes[..<cut]), Array(bytes[..<head] + bytes[cut..<end]))
  }

  // MARK: Writing

  /// The first record of every file.
  static func version(time: Double) -> [UInt8] {
    record(double(1, time) + data(3, Array("brain.Event:2".utf8)))
  }

  /// The record of a step.
  static func summary(_ metrics: StepMetrics, step: Int, time: Double) -> [UInt8] {
    var values: [UInt8] = []
    for (name, value) in metrics {
      values += data(1, data(1, Array(name.rawValue.utf8)) + float(2, Float(value)))
    }
    return record(double(1, time) + integer(2, step) + data(5, values))
  }

  private static func record(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(CRC32C.masked(length)) + data
      + littleEndian(CRC32C.masked(data))
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  // MARK: Protocol buffers

  private enum Wire: Int { case varint, eight, data, four = 5 }

  private static func key(_ field: Int, _ wire: Wire) -> [UInt8] {
    [UInt8(field << 3 | wire.rawValue)]
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func double(_ field: Int, _ value: Double) -> [UInt8] {
    key(field, .eight) + littleEndian(value.bitPattern)
  }
  private static func float(_ field: Int, _ value: Float) -> [UInt8] {
    key(field, .four) + littleEndian(value.bitPattern)
  }
  private static func integer(_ field: Int, _ value: Int) -> [UInt8] {
    key(field, .varint) + varint(UInt64(bitPattern: Int64(value)))
  }
  private static func data(_ field: Int, _ bytes: [UInt8]) -> [UInt8] {
    key(field, .data) + varint(UInt64(bytes.count)) + bytes
  }

  // MARK: Reading

  /// Where the data of the record at `offset` lies; `nil` where there is no whole record.
  private static func record(in bytes: [UInt8], at offset: Int) -> Range<Int>? {
    guard offset + 12 <= bytes.count else { return nil }
    let length = bytes[offset..<offset + 8]
    let count = number(length)
    guard number(bytes[offset + 8..<offset + 12]) == CRC32C.masked(length),
      count <= bytes.count - offset - 16
    else { return nil }
    let data = offset + 12..<offset + 12 + Int(count)
    let sum = number(bytes[data.upperBound..<data.upperBound + 4])
    return sum == CRC32C.masked(bytes[data]) ? data : nil
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The step of an event that was written here: behind the time, where there is one.
  private static func step(of event: ArraySlice<UInt8>) -> Int {
    let rest = event.dropFirst(9)
    guard rest.first == key(2, .varint)[0] else { return 0 }
    var value: UInt64 = 0
    for (byte, shift) in zip(rest.dropFirst(), stride(from: 0, to: 64, by: 7)) {
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { break }
    }
    return Int(truncatingIfNeeded: value)
  }
}
