import Foundation
import JSON
import Testing

struct JSONFileTests {
  private func withFile<T>(_ text: String, _ body: (URL) throws -> T) throws -> T {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file)
  }

  @Test func linesAreReadOneByOneAndBlankOnesLeftOut() throws {
    let lines = try withFile("\u{FEFF}{\"a\": 1}\r\n\n  \n[2]\nbroken\n3") { file in
      try JSONLines(of: file).map { line, value in
        (line, try? value.get().serialized)
      }
    }
    #expect(lines.map(\.0) == [1, 4, 5, 6])
    #expect(lines.map(\.1) == ["{\"a\":1}", "[2]", nil, "3"])
  }

  @Test func errorsOfALineNameFileAndLine() throws {
    try withFile("{}\n{\"a\": 5}\n{\"a\"}") { file in
      let rows = Array(try JSONLines(of: file))
      let name = file.lastPathComponent
      #expect(
        throws: JSONError.type(
          path: "\(name):2: a", expected: "a string", found: "5")
      ) { try rows[1].value.get()["a"].requireString() }
      #expect {
        try rows[2].value.get()
      } throws: {
        "\($0)".hasPrefix("\(name):3: not valid JSON")
      }
    }
  }

  @Test func theTextOfALineIsThereAsItIsWritten() throws {
    let texts = try withFile("{\"a\":  1.50}\n\n2") { file in
      let lines = try JSONLines(of: file)
      return lines.texts.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
    #expect(texts == ["{\"a\":  1.50}", "2"])
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    let missing = URL(filePath: "/nowhere/x.json")
    #expect(
      throws: JSONError.unreadable(
        file: missing.path, reason: "No such file or directory")
    ) { try JSON(contentsOf: missing) }
    let folder = FileManager.default.temporaryDirectory
    #expect(throws: JSONError.unreadable(file: folder.path, reason: "it is a folder")) {
      try JSONLines(of: folder)
    }
    try withFile("") { file in
      #expect(throws: JSONError.self) { try JSON(contentsOf: file) }
      let lines = try JSONLines(of: file)
      #expect(Array(lines).isEmpty)
    }
  }

  @Test func aPipeIsRefusedAndNotWaitedFor() throws {
    let pipe = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    #expect(mkfifo(pipe.path, 0o600) == 0)
    defer { unlink(pipe.path) }
    for file in [pipe, URL(filePath: "/dev/zero")] {
      let error = #expect(throws: JSONError.self) { try JSONLines(of: file) }
      #expect(error!.description.contains("it is a pipe or a device"))
    }
  }
}
