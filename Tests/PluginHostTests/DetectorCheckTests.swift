import Checks
import Detectors
import Foundation
import Testing

@testable import PluginHost

/// `temper check plugin` on real libraries: a detector in C, right and with one mistake at a time.
@Suite(.enabled(if: CFixture.isPossible, CFixture.absence))
struct DetectorCheckTests {
  /// The names of the checks that fail.
  private func failures(_ macro: String) throws -> Set<String> {
    var failed: Set<String> = []
    try withFolder { folder in
      let path = try CFixture.library(
        "watcher", as: "watcher_\(macro)", macros: [macro], in: folder)
      let catalog = PluginCatalog(searchPath: [path])
      let report = checkDetector(
        DetectorSubject(
          name: "watcher",
          describe: {
            try PluginCatalog(searchPath: [path]).plugin(named: "watcher").json.serialized()
          }
        ) { keys, seed in
          try catalog.detector(
            PluginRequest(name: "watcher", configuration: keys), PluginSurroundings(seed: seed)
          ).detector
        })
      failed = Set(report.differ.map { $0.replacing("watcher: ", with: "") })
    }
    return failed
  }

  @Test func aRightLibraryPasses() throws { #expect(try failures("RIGHT") == []) }

  @Test func stateThatIsNotPutBackIsCaught() throws {
    #expect(try failures("FORGETS") == ["state"])
  }

  @Test func aLeakThroughTheMaskIsCaught() throws {
    #expect(try failures("LEAKS").contains("mask"))
  }

  @Test func whatDependsOnMoreThanItSeesIsCaught() throws {
    #expect(try failures("RANDOM").contains("same-again"))
  }

  @Test func aNeedThatIsNotSaidIsCaught() throws {
    #expect(try failures("GREEDY") == ["needs"])
  }

  @Test func aFindingWithoutAReasonIsCaught() throws {
    #expect(try failures("SILENT").contains("findings"))
  }

  @Test func aStepThatIsSkippedBeforeItBeginsIsCaught() throws {
    #expect(try failures("SKIPS").contains("findings"))
  }

  @Test func metricsThatAreNoNumbersAreCaught() throws {
    #expect(try failures("NOT_FINITE").isSuperset(of: ["empty", "not-finite"]))
  }
}
