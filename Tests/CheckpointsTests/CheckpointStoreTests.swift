import Foundation
import Testing

@testable import Checkpoints

@Suite struct CheckpointStoreTests {
  let temporary: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    temporary = try TemporaryFolder()
    store = CheckpointStore(temporary.url.appending(path: "checkpoints"), keeping: 2)
  }

  func save(_ step: Int, best: Int? = nil) throws {
    try store.save(step: step, best: best) { try writeExample(into: $0, step: step) }
  }

  var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: store.folder.path))?.sorted() ?? []
  }

  @Test func readsBackWhatItSaved() throws {
    try save(50)
    let (checkpoint, refused) = try store.newest()
    #expect(checkpoint.step == 50)
    #expect(checkpoint.folder.lastPathComponent == "step-000050")
    #expect(refused == [])
    let state = checkpoint.folder.appending(path: "state.json")
    #expect(try String(contentsOf: state, encoding: .utf8) == "50")
    #expect(try store.checkpoint(at: 50) == checkpoint)
  }

  @Test func latestLeadsToTheNewest() throws {
    try save(50)
    try save(100)
    let state = store.latest.appending(path: "state.json")
    #expect(try String(contentsOf: state, encoding: .utf8) == "100")
  }

  @Test func keepsTheNewestAndTheBest() throws {
    for step in [10, 20, 30, 40, 50] { try save(step, best: 20) }
    #expect(names == ["latest", "step-000020", "step-000040", "step-000050"])
    #expect(store.all().map(\.step) == [20, 40, 50])
  }

  @Test func ordersStepsBeyondSixDigitsByNumber() throws {
    try save(999_999)
    try save(1_000_000)
    #expect(store.all().map(\.step) == [999_999, 1_000_000])
    #expect(try store.newest().checkpoint.step == 1_000_000)
  }

  @Test func aFailedSaveLosesNothingSavedBefore() throws {
    try save(10)
    try save(20)
    struct Interrupted: Error {}
    #expect(throws: Interrupted.self) {
      try store.save(step: 30) { folder in
        try writeExample(into: folder, step: 30)
        throw Interrupted()
      }
    }
    #expect(names == ["latest", "step-000010", "step-000020"])
    #expect(try store.newest().checkpoint.step == 20)
  }

  @Test func aBrokenCheckpointIsPassedOverWithItsReason() throws {
    try save(10)
    try save(20)
    let weights = store.folder.appending(path: "step-000020/model/model.safetensors")
    truncate(weights.path, 17)
    let (checkpoint, refused) = try store.newest()
    #expect(checkpoint.step == 10)
    #expect(refused.count == 1)
    #expect(refused.first?.contains("step-000020/model/model.safetensors: has 17 bytes") == true)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: store.latest.path) == "step-000010")
    #expect(throws: CheckpointError.self) { try store.checkpoint(at: 20) }

    try save(20)  // the resumed run comes by again
    #expect(try store.newest().checkpoint.step == 20)
  }

  @Test func leftoversOfAKilledProcessAreRemoved() throws {
    try save(10)
    let leftover = store.folder.appending(path: ".step-000020.temper-tmp-4242")
    try writeExample(into: leftover, step: 20)
    symlink("step-000020", store.folder.appending(path: ".latest.temper-tmp-4242").path)
    #expect(try store.newest().checkpoint.step == 10)
    #expect(names == ["latest", "step-000010"])
  }

  @Test func aStaleOrMissingPointerIsMended() throws {
    try save(10)
    try save(20)
    unlink(store.latest.path)
    symlink("step-000005", store.latest.path)
    #expect(try store.newest().checkpoint.step == 20)
    let target = try FileManager.default.destinationOfSymbolicLink(atPath: store.latest.path)
    #expect(target == "step-000020")
    unlink(store.latest.path)
    #expect(try store.newest().checkpoint.step == 20)
    #expect(names.contains("latest"))
  }

  @Test func withoutAWholeCheckpointTheErrorSaysWhatIsWrongWithEach() throws {
    try save(10)
    unlink(store.folder.appending(path: "step-000010/state.json").path)
    let error = #expect(throws: CheckpointError.self) { try store.newest() }
    #expect(error?.description.contains("step-000010/state.json: missing") == true)
    #expect(error?.description.contains("Start the run anew") == true)
  }
}
