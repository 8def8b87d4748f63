import Testing

@testable import Spelling

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("", "abc", 3), ("abc", "", 3), ("é", "e", 1),
    ("same", "same", 0),
  ])
  func editDistanceCountsSlips(a: String, b: String, distance: Int) {
    #expect(editDistance(Array(a), Array(b)) == distance)
  }

  @Test func theNearestNameIsTheOneWithTheFewestSlips() {
    let known = ["exact", "regex", "numeric"]
    #expect(nearestName(to: "regexp", among: known) == "regex")
    #expect(nearestName(to: "exct", among: known) == "exact")
    #expect(nearestName(to: "bc", among: ["ab", "bd"]) == "bd")
  }

  @Test func nothingIsOfferedFromFarAway() {
    #expect(nearestName(to: "arithmetic", among: ["exact", "regex"]) == nil)
    #expect(nearestName(to: "exact", among: []) == nil)
    // Three slips are too many in eight letters, and few enough in twelve.
    #expect(nearestName(to: "abcdefgh", among: ["abcdexyz"]) == nil)
    #expect(nearestName(to: "abcdefghijkl", among: ["abcdefghixyz"]) == "abcdefghixyz")
  }
}
