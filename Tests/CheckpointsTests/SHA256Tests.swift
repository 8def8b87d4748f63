import CHashes
import Checkpoints
import Foundation
import Testing

/// Serialized, because one test turns the processor's SHA instructions off.
@Suite(.serialized) struct SHA256Tests {
  // FIPS 180-2 appendix B, and the empty message of NIST's CAVP files.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func matchesTheStandardsExamples(text: String, sum: String) {
    #expect(SHA256.hexadecimal(of: text) == sum)
  }

  @Test func matchesTheStandardsMillionLetters() {
    #expect(
      SHA256.hexadecimal(of: String(repeating: "a", count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func thePortableWayGivesTheSameSums() {
    let texts = (0..<300).map { String(repeating: "temper", count: $0) }
    let fast = texts.map { SHA256.hexadecimal(of: $0) }
    th_sha256_force_portable(1)
    defer { th_sha256_force_portable(0) }
    #expect(texts.map { SHA256.hexadecimal(of: $0) } == fast)
  }

  @Test func doesNotDependOnHowTheBytesArrive() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var whole = SHA256()
    bytes.withUnsafeBytes { whole.append($0) }
    for piece in [1, 3, 63, 64, 65, 127, 128, 1000] {
      var sum = SHA256()
      for start in stride(from: 0, to: bytes.count, by: piece) {
        bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { sum.append($0) }
      }
      #expect(sum.hexadecimal == whole.hexadecimal, "pieces of \(piece)")
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum")))
  func agreesWithSha256sumAtEveryPadding() throws {
    let folder = try TemporaryFolder()
    let files = try [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 4096, 70_001].map { count in
      let file = folder.url.appending(path: "\(count)")
      try Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ count) }).write(to: file)
      return file
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sha256sum")
    process.arguments = files.map(\.path)
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()

    let sums = output.split(separator: "\n").map { $0.prefix(64) }
    try #require(sums.count == files.count)
    for (file, sum) in zip(files, sums) {
      #expect(try SHA256.hexadecimal(of: file) == sum, "\(file.lastPathComponent) bytes")
    }
  }
}
