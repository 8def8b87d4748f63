import Foundation
import JSON
import Testing

@testable import Models

struct FilesSafetensorsTests {
  // MARK: Number formats

  private func decode(_ bytes: [UInt8], _ dtype: Safetensors.DType, count: Int) -> [Float] {
    // One byte in front, so that the elements are not aligned.
    ([0] + bytes).withUnsafeBytes { source in
      [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        let output = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        Safetensors.decode(source.baseAddress! + 1, dtype, into: output)
        filled = count
      }
    }
  }

  private func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian, Array.init) }
  }

  @Test func everyHalfWidensToTheSameNumber() {
    let all = Array(UInt16.min...UInt16.max)
    let floats = decode(bytes(all), .float16, count: all.count)
    for (half, float) in zip(all, floats) {
      let exponent = Int(half >> 10 & 31)
      let fraction = Double(half & 1023)
      let sign: Double = half >> 15 == 1 ? -1 : 1
      switch exponent {
      case 31 where fraction != 0: #expect(float.isNaN)
      case 31: #expect(Double(float) == sign * .infinity)
      case 0:
        #expect(Double(float) == sign * fraction * 0x1p-24 && (float.sign == .minus) == (sign < 0))
      default:
        #expect(Double(float) == sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15)))
      }
    }
  }

  @Test func everyBFloat16SurvivesTheWayThereAndBack() {
    let all = Array(UInt16.min...UInt16.max)
    let floats = decode(bytes(all), .bfloat16, count: all.count)
    for (bits, float) in zip(all, floats) {
      let back = Safetensors.narrowed(toBFloat16: float)
      #expect(back == (float.isNaN ? bits | 0x40 : bits))
    }
  }

  @Test func bfloat16RoundsToNearestWithTiesToEven() {
    func round(_ bits: UInt32) -> UInt16 {
      Safetensors.narrowed(toBFloat16: Float(bitPattern: bits))
    }
    #expect(round(0x3F80_7FFF) == 0x3F80)  // just below the middle
    #expect(round(0x3F80_8000) == 0x3F80)  // the middle, even below
    #expect(round(0x3F81_8000) == 0x3F82)  // the middle, even above
    #expect(round(0x3F80_8001) == 0x3F81)
    #expect(round(0x7F7F_FFFF) == 0x7F80)  // the largest float rounds to infinity
    #expect(round(0x7F80_0001) == 0x7FC0)  // a NaN whose high half alone would be infinity
    #expect(round(0xFF80_0000) == 0xFF80)
  }

  @Test func doublesAreRounded() {
    let values = [1.0, 0.1, -2.5e-3]
    #expect(
      decode(bytes(values.map(\.bitPattern)), .float64, count: 3) == values.map { Float($0) })
  }

  @Test func theFirstNonFiniteElementIsFound() {
    func find(_ values: [Float]) -> Int? {
      values.withUnsafeBufferPointer { Safetensors.firstNonFinite(in: $0) }
    }
    var values = [Float](repeating: -.greatestFiniteMagnitude, count: 1000)
    #expect(find(values) == nil)
    values[999] = -.infinity
    #expect(find(values) == 999)
    values[321] = -.nan
    #expect(find(values) == 321)
    #expect(find([]) == nil)
  }

  // MARK: Files

  private func file(header: String, data: Int, in folder: FilesFolder) throws -> URL {
    let url = folder.url.appending(path: "x.safetensors")
    let text = Array(header.utf8)
    try Data(bytes([UInt64(text.count)]) + text + [UInt8](repeating: 0, count: data)).write(to: url)
    return url
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let folder = try FilesFolder()
    let url = folder.url.appending(path: "model.safetensors")
    let long = Safetensors.chunkCount + 3
    let tensors = [
      Safetensors.Tensor(name: "z", shape: [long]) { range, buffer in
        for (place, element) in range.enumerated() { buffer[place] = Float(element % 251) }
      },
      Safetensors.Tensor(name: "a \"quoted\" é", shape: []) { _, buffer in buffer[0] = 0.1 },
      Safetensors.Tensor(name: "empty", shape: [0, 4]) { _, _ in },
    ]
    for dtype in [Safetensors.DType.float32, .bfloat16] {
      try Safetensors.write(tensors, as: dtype, to: url, metadata: ["format": "pt", "k": "v"])
      let file = try SafetensorsFile(url)
      #expect(file.names == ["a \"quoted\" é", "empty", "z"])
      #expect(file.metadata == ["format": "pt", "k": "v"])
      #expect(file.entry("empty")?.shape == [0, 4])
      #expect(file.entry("z")?.dtype == dtype)
      var values = [Float](repeating: 0, count: long)
      try values.withUnsafeMutableBufferPointer { try file.read("z", into: $0) }
      #expect(values == (0..<long).map { Float($0 % 251) })
      var scalar: [Float] = [0]
      try scalar.withUnsafeMutableBufferPointer { try file.read("a \"quoted\" é", into: $0) }
      #expect(scalar == [dtype == .float32 ? 0.1 : 0.10009765625])
      file.release("z", elements: 0..<long)
      try values.withUnsafeMutableBufferPointer {
        try file.read(
          "z", elements: 250..<253, into: UnsafeMutableBufferPointer(rebasing: $0[..<3]))
      }
      #expect(values.prefix(3) == [250, 0, 1])
      let headerLength = try Data(contentsOf: url).prefix(8).reversed().reduce(0) {
        $0 << 8 | Int($1)
      }
      #expect(headerLength % 8 == 0)
    }
    #expect(try folder.names == ["model.safetensors"])
  }

  struct Damage: Sendable {
    var header: String
    var data = 8
    var message: String
  }

  static let damages = [
    Damage(header: "[]", message: "must be an object"),
    Damage(header: "{", message: "(header):1: not valid JSON"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 7,
      message: "tensor a ends at byte 8 of the data, of which the file has 7"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
      message: "tensor a has 8 bytes; [3] elements of F32 need 12"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#,
      message: "tensor a has the shape [-1]"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}}"#,
      message: "tensor a has the shape [4611686018427387904,8]"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#,
      message: "tensor a has 8 bytes"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
      message: "tensor a has the data_offsets [8,0]"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
      message: "tensor a has the data_offsets [-8,0]"),
    Damage(
      header: #"{"a":{"dtype":"F32","shape":[2]}}"#, message: "tensor a has the data_offsets null"),
    Damage(
      header: #"{"a":{"shape":[2],"data_offsets":[0,8]}}"#,
      message: "a.dtype must be a string; it is nothing"),
    Damage(
      header: """
        {"b":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},
         "a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}
        """, message: "tensors b and a overlap"),
  ]

  @Test(arguments: damages)
  func damageIsReportedWhenTheFileIsOpened(_ damage: Damage) throws {
    let folder = try FilesFolder()
    let url = try file(header: damage.header, data: damage.data, in: folder)
    let message = FilesFixture.error { _ = try SafetensorsFile(url) }
    #expect(message.hasPrefix("x.safetensors") && message.contains(damage.message), "\(message)")
  }

  @Test func aTruncatedFileSaysSo() throws {
    let folder = try FilesFolder()
    let url = folder.url.appending(path: "x.safetensors")
    try Data([1, 2, 3]).write(to: url)
    #expect(FilesFixture.error { _ = try SafetensorsFile(url) }.contains("it has 3 bytes"))
    try Data(bytes([UInt64(100)]) + [0x7B]).write(to: url)
    #expect(
      FilesFixture.error { _ = try SafetensorsFile(url) }
        .contains("said to have 100 bytes, but the file has 9"))
    try Data(bytes([UInt64.max])).write(to: url)
    #expect(FilesFixture.error { _ = try SafetensorsFile(url) }.contains("18446744073709551615"))
  }

  @Test func anUnknownTypeIsRefusedOnlyWhenItIsNeeded() throws {
    let folder = try FilesFolder()
    let url = try file(
      header: """
        {"f8":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]},
         "ints":{"dtype":"I32","shape":[0],"data_offsets":[8,8]}}
        """, data: 8, in: folder)
    let file = try SafetensorsFile(url)
    #expect(file.entry("f8")?.dtype == nil)
    var values = [Float](repeating: 0, count: 8)
    let message = FilesFixture.error {
      try values.withUnsafeMutableBufferPointer { try file.read("f8", into: $0) }
    }
    #expect(message.contains("tensor f8 is stored as F8_E4M3"))
    let absent = FilesFixture.error {
      try values.withUnsafeMutableBufferPointer { try file.read("g", into: $0) }
    }
    #expect(absent.contains("tensor g is missing"))
  }

  @Test func aFileThatCannotBeWrittenLeavesNothingBehind() throws {
    let folder = try FilesFolder()
    let url = folder.url.appending(path: "model.safetensors")
    struct Stop: Error {}
    let tensor = Safetensors.Tensor(name: "a", shape: [1]) { _, _ in throw Stop() }
    #expect(throws: Stop.self) { try Safetensors.write([tensor], as: .float32, to: url) }
    #expect(try folder.names.isEmpty)

    let full = Safetensors.Tensor(name: "a", shape: [1 << 20]) { _, buffer in
      buffer.update(repeating: 1)
    }
    try FileManager.default.createSymbolicLink(
      atPath: url.path + ".partial", withDestinationPath: "/dev/full")
    let message = FilesFixture.error { try Safetensors.write([full], as: .float32, to: url) }
    #expect(message == "model.safetensors: cannot be written: No space left on device")
    #expect(try folder.names.isEmpty)
  }
}
