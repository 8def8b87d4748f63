import Foundation
import JSON
import Testing

@testable import Evaluation

struct GenerationJournalTests {
  private let place = FileManager.default.temporaryDirectory.appending(
    path: "\(UUID().uuidString).partial")
  private let conditions: [JSONLiteral.Member] = [.init("seed", 1), .init("samples", 2)]

  private func open(resuming: Bool, seed: Int = 1) throws -> GenerationJournal {
    var conditions = conditions
    conditions[0].value = .int(seed)
    return try GenerationJournal(place, conditions: conditions, resuming: resuming)
  }

  @Test func whatWasKeptIsReadAgainAndAHalfLineIsDropped() throws {
    defer { try? FileManager.default.removeItem(at: place) }
    let first = try open(resuming: false)
    let texts = [completion("x\n\"é"), completion("", stop: .length)]
    try first.keep([texts[0]], of: 4, in: .greedy)
    try first.keep(texts, of: 4, in: .samples)
    let handle = try FileHandle(forWritingTo: place)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"pass":"greedy","index":5,"compl"#.utf8))
    try handle.close()

    let second = try open(resuming: true)
    #expect(second.kept == [.greedy: [4: [texts[0]]], .samples: [4: texts]])
    #expect(second.completions == 3)
    // What comes next stands on a line of its own.
    try second.keep([texts[1]], of: 5, in: .greedy)
    let third = try open(resuming: true)
    #expect(third.kept[.greedy] == [4: [texts[0]], 5: [texts[1]]])
    try third.remove()
    #expect(!FileManager.default.fileExists(atPath: place.path))
  }

  @Test func aJournalOfOtherConditionsIsRefusedByItsKey() throws {
    defer { try? FileManager.default.removeItem(at: place) }
    try open(resuming: false).keep([completion("x")], of: 0, in: .greedy)
    let error = #expect(throws: JournalError.self) { try open(resuming: true, seed: 2) }
    #expect(error?.description.contains("seed 1") == true)
    // Without --resume it begins anew.
    #expect(try open(resuming: false, seed: 2).kept.isEmpty)
  }
}
