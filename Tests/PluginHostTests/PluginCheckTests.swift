import Checks
import EntropyControl
import Foundation
import Testing

@testable import PluginHost

/// `temper check plugin` on real libraries: an entropy method in C, right and broken five times.
@Suite(.enabled(if: CFixture.isPossible, CFixture.absence))
struct PluginCheckTests {
  /// The names of the checks that fail.
  private func failures(_ macro: String) throws -> Set<String> {
    var failed: Set<String> = []
    try withFolder { folder in
      let path = try CFixture.library("band", as: "band_\(macro)", macros: [macro], in: folder)
      let catalog = PluginCatalog(searchPath: [path])
      let report = checkIntervention(
        InterventionSubject(
          name: "band",
          describe: {
            try PluginCatalog(searchPath: [path]).plugin(named: "band").json.serialized()
          }
        ) { keys, seed in
          try catalog.intervention(
            PluginRequest(name: "band", configuration: keys), PluginSurroundings(seed: seed)
          ).intervention
        })
      failed = Set(report.differ.map { $0.replacing("band: ", with: "") })
    }
    return failed
  }

  @Test func aRightLibraryPasses() throws {
    #expect(try failures("RIGHT") == [])
  }

  @Test func aGradientOfTheWrongSignIsCaught() throws {
    #expect(try failures("WRONG_SIGN") == ["gradient", "gradient-evaluate"])
  }

  @Test func aConstantPenaltyReportedAsATermIsCaught() throws {
    #expect(try failures("PUBLISHED").contains("constant-terms"))
  }

  @Test func aStatisticPerMicroBatchIsCaught() throws {
    #expect(try failures("PER_RUN").contains("split"))
  }

  @Test func aLeakThroughTheMaskIsCaught() throws {
    #expect(try failures("LEAKS") == ["mask"])
  }

  @Test func stateThatIsNotSavedIsCaught() throws {
    #expect(try failures("FORGETS") == ["state"])
  }
}
