import Foundation
import Testing

@testable import Metrics

/// A record of an event file as a reader that shares no code with the writer sees it.
private struct Event: Equatable {
  var time = 0.0
  var step = 0
  var version: String?
  var values: [String: Float] = [:]
}

private struct Malformed: Error {}

/// Bit by bit, as the polynomial says.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    for bit in 0..<8 {
      let out = (crc ^ UInt32(byte >> UInt8(bit))) & 1
      crc = (crc >> 1) ^ (out == 1 ? 0x82F6_3B78 : 0)
    }
  }
  return ~crc
}

private func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
}

/// The fields of a message, one after the other.
private func fields(
  _ message: ArraySlice<UInt8>, _ body: (Int, ArraySlice<UInt8>, UInt64) throws -> Void
) throws {
  var rest = message
  func varint() throws -> UInt64 {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while let byte = rest.popFirst() {
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
    throw Malformed()
  }
  while !rest.isEmpty {
    let key = try varint()
    let field = Int(key >> 3)
    switch key & 7 {
    case 0: try body(field, [], varint())
    case 1, 5:
      let count = key & 7 == 1 ? 8 : 4
      try body(field, [], integer(rest.prefix(count)))
      rest = rest.dropFirst(count)
    case 2:
      let count = Int(try varint())
      guard count <= rest.count else { throw Malformed() }
      try body(field, rest.prefix(count), 0)
      rest = rest.dropFirst(count)
    default: throw Malformed()
    }
  }
}

private func events(_ bytes: [UInt8]) throws -> [Event] {
  func isMasked(_ sum: ArraySlice<UInt8>, of data: ArraySlice<UInt8>) -> Bool {
    let rotated = UInt32(truncatingIfNeeded: integer(sum)) &- 0xA282_EAD8
    return rotated << 15 | rotated >> 17 == checksum(data)
  }
  var result: [Event] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    guard rest.count >= 16 else { throw Malformed() }
    let length = rest.prefix(8)
    let count = Int(integer(length))
    let data = rest.dropFirst(12).prefix(count)
    guard data.count == count, isMasked(rest.dropFirst(8).prefix(4), of: length),
      isMasked(rest.dropFirst(12 + count).prefix(4), of: data)
    else { throw Malformed() }
    rest = rest.dropFirst(16 + count)
    var event = Event()
    try fields(data) { field, inner, number in
      switch field {
      case 1: event.time = Double(bitPattern: number)
      case 2: event.step = Int(number)
      case 3: event.version = String(decoding: inner, as: UTF8.self)
      case 5:
        try fields(inner) { _, value, _ in
          var (tag, float) = ("", Float.nan)
          try fields(value) { field, text, number in
            if field == 1 { tag = String(decoding: text, as: UTF8.self) }
            if field == 2 { float = Float(bitPattern: UInt32(number)) }
          }
          event.values[tag] = float
        }
      default: throw Malformed()
      }
    }
    result.append(event)
  }
  return result
}

private func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

private func bytes(_ file: URL) throws -> [UInt8] { Array(try Data(contentsOf: file)) }

@Test func theChecksumIsThatOfCastagnoli() {
  #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
  // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and counting up.
  #expect(CRC32C.checksum(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
  #expect(CRC32C.checksum(Array(repeating: 255, count: 32)) == 0x62A8_AB43)
  #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
}

@Test func anEventFileHoldsEveryStep() throws {
  try withFolder { folder in
    let recorder = TensorBoardRecorder(in: folder) { 1_700_000_000.25 }
    #expect(EventFile.files(in: folder).isEmpty)
    try recorder.record(["reward/mean": 0.5, "policy/entropy": -1.25], step: 1)
    try recorder.record(["reward/mean": .nan], step: 300)
    let files = EventFile.files(in: folder)
    #expect(files.count == 1)
    #expect(files[0].lastPathComponent.hasPrefix("events.out.tfevents.1700000000."))
    let read = try events(bytes(files[0]))
    #expect(read.count == 3)
    #expect(read[0] == Event(time: 1_700_000_000.25, version: "brain.Event:2"))
    #expect(
      read[1]
        == Event(
          time: 1_700_000_000.25, step: 1, values: ["reward/mean": 0.5, "policy/entropy": -1.25]))
    #expect(read[2].step == 300 && read[2].values["reward/mean"]?.isNaN == true)
  }
}

@Test func aLaterProcessGoesOnInTheSameEventFile() throws {
  try withFolder { folder in
    try TensorBoardRecorder(in: folder) { 1 }.record(["a/b": 1], step: 1)
    try TensorBoardRecorder(in: folder) { 99 }.record(["a/b": 2], step: 2)
    let files = EventFile.files(in: folder)
    #expect(files.count == 1)
    #expect(try events(bytes(files[0])).map(\.step) == [0, 1, 2])
  }
}

@Test func recordsAreSplitAtAStepWhateverIsTornAtTheEnd() throws {
  try withFolder { folder in
    let recorder = TensorBoardRecorder(in: folder) { 5 }
    for step in 0...4 { try recorder.record(["a/b": Double(step)], step: step) }
    let all = try bytes(EventFile.files(in: folder)[0])
    for torn in [0, 1, 11, 20] {
      let (kept, later) = EventFile.split(all.dropLast(torn), after: 2)
      #expect(try events(kept).map(\.step) == [0, 0, 1, 2])
      #expect(try events(later).map(\.step) == (torn == 0 ? [0, 3, 4] : [0, 3]))
      #expect(try events(later).first?.version == "brain.Event:2")
    }
    #expect(EventFile.split(all, after: 4) == (all, []))
    #expect(EventFile.split(Array("no events at all".utf8), after: 4) == ([], []))
  }
}

@Test func aStepCostsNothingToSpeakOf() throws {
  try withFolder { folder in
    let recorder = TensorBoardRecorder(in: folder)
    var metrics = StepMetrics()
    for index in 0..<100 { metrics[MetricName(rawValue: "area/m\(index)")!] = Double(index) }
    let start = Date()
    for step in 0..<200 { try recorder.record(metrics, step: step) }
    // Half a millisecond a step here; a step of training takes from 10 ms to a minute.
    #expect(Date().timeIntervalSince(start) / 200 < 0.005)
  }
}
