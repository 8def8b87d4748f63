import Environments
import Testing

@Suite struct GuessTests {
  @Test func theExpertFindsEveryNumberWithinTheTurns() throws {
    for largest in [2, 3, 31, 32, 1000] {
      let environment = try environment("guess:largest=\(largest)")
      for seed in 0..<50 {
        var played = try Played(environment, seed: UInt64(seed))
        #expect(try played.letExpertPlay().count <= environment.world.turns!)
        #expect(played.ending == .succeeded && played.reward == 1)
      }
    }
  }

  @Test func answersPointToTheNumber() throws {
    var played = try Played("guess:largest=8,turns=8", seed: 5)
    for guess in 1...8 where played.ending == nil {
      let answer = try played.say("I guess \(guess)!")
      #expect(answer == (played.ending == nil ? "higher" : "correct"))
    }
    var above = try Played("guess:largest=8")
    #expect(try above.say("9") == "lower" && above.say("-3") == "higher")
  }

  @Test func everyNumberIsHidden() throws {
    let environment = try environment("guess:largest=4")
    var found: Set<String> = []
    for seed in 0..<64 {
      var played = try Played(environment, seed: UInt64(seed))
      found.insert(try #require(try played.letExpertPlay().last))
    }
    #expect(found == ["1", "2", "3", "4"])
  }

  @Test func aTurnWithoutANumberIsVoidAndCosts() throws {
    var played = try Played("guess:largest=1000,turns=2")
    #expect(try played.say("who knows") == "Write a number." && played.wasVoid)
    try played.say("2000")
    #expect(played.ending == .outOfTurns && played.reward == 0)
  }

  @Test func aTerseGameSaysTheRangeAlone() throws {
    #expect(try Played("guess:largest=9,terse=true").opening == "1-9")
  }
}
