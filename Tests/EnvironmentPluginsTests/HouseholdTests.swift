import Environments
import Testing

@Suite struct HouseholdTests {
  @Test(arguments: [("small", 4...8), ("full", 10...40)])
  func theExpertReachesEveryGoal(_ size: String, _ turns: ClosedRange<Int>) throws {
    let environment = try environment("household:size=\(size)")
    var shortest = Int.max
    var longest = 0
    for seed in 0..<500 {
      var played = try Played(environment, seed: UInt64(seed))
      let count = try played.letExpertPlay().count
      #expect(played.ending == .succeeded && played.reward == 1 && turns.contains(count))
      #expect(played.transitions.dropLast().allSatisfy { $0.reward == 0 && !$0.isVoid })
      (shortest, longest) = (min(shortest, count), max(longest, count))
    }
    #expect(shortest == turns.lowerBound && longest > turns.lowerBound + 3)
  }

  /// seed 3: the egg lies in the chest of the lounge.
  private func house() throws -> Played { try Played("household:turns=99", seed: 3) }

  @Test func theOpeningTellsTaskDoorsAndCommands() throws {
    let opening = try house().opening
    #expect(opening.contains("Your task: put the hot egg on the desk."))
    #expect(opening.contains("Doors: kitchen - bedroom, kitchen - bathroom,"))
    #expect(opening.contains("put OBJECT on PLACE"))
    #expect(opening.hasSuffix("The cupboard is closed. Exits: bedroom, bathroom."))
  }

  @Test func commandsAreReadInManyWords() throws {
    var played = try house()
    let start = try played.say("look")
    for turn in ["Look.", "> look", "<think>go to bedroom</think>\nlook", "I wonder\n\n`look`\n"] {
      #expect(try played.say(turn) == start && !played.wasVoid, "\(turn)")
    }
    #expect(try played.say("OPEN the fridge!") == "You open the fridge. In the fridge: candle.")
    #expect(
      try played.say("take a candle from the fridge") == "You take the candle from the fridge.")
    #expect(try played.say("put candle into fridge") == "You put the candle in the fridge.")
    for turn in [
      "", "hm", "open", "take candle now please", "dance wildly", "put candle", "<think>",
    ] {
      #expect(try played.say(turn) == "That is no command." && played.wasVoid, "\(turn)")
    }
  }

  @Test func whatCannotBeDoneIsSaidAndChangesNothing() throws {
    var played = try house()
    let start = try played.say("look")
    for (command, answer) in [
      ("go to cellar", "There is no cellar in the house."),
      ("go to hall", "There is no way from the kitchen to the hall."),
      ("go to kitchen", "You are in the kitchen."), ("open bed", "There is no bed here."),
      ("open table", "You cannot open the table."),
      ("close fridge", "The fridge is closed already."),
      ("take egg", "There is no egg in sight."), ("take candle", "There is no candle in sight."),
      ("put egg on table", "You do not carry the egg."), ("heat egg", "You do not carry the egg."),
      ("inventory", "You carry nothing."),
    ] {
      #expect(try played.say(command) == answer)
      #expect(!played.wasVoid)
    }
    #expect(try played.say("look") == start)
    try played.say("take cloth")
    #expect(try played.say("inventory") == "You carry: cloth.")
    #expect(try played.say("take cloth") == "You carry the cloth already.")
    #expect(try played.say("put cloth in fridge") == "The fridge is closed.")
    #expect(try played.say("put cloth on desk") == "There is no desk here.")
  }

  @Test func objectsRememberWhatWasDoneToThem() throws {
    var played = try house()
    try played.say("take cloth")
    #expect(try played.say("clean cloth with sink") == "You clean the cloth with the sink.")
    try played.say("cool cloth")
    #expect(try played.say("inventory") == "You carry: cool clean cloth.")
    try played.say("heat cloth")
    #expect(try played.say("inventory") == "You carry: hot clean cloth.")
    try played.say("go to bedroom")
    #expect(try played.say("heat cloth") == "There is nothing here to heat it with.")
  }

  @Test func theGoalAsksForTheTreatment() throws {
    var played = try house()
    for command in ["go to bathroom", "go to lounge", "open chest", "take egg"] {
      try played.say(command)
    }
    for command in ["go to bathroom", "go to kitchen", "go to bedroom", "put egg on desk"] {
      try played.say(command)
    }
    #expect(played.ending == nil)  // it is not hot
    try played.letExpertPlay()
    #expect(played.ending == .succeeded)
  }

  /// The expert goes on from wherever a model has come to.
  @Test func theExpertMendsWhatOthersDid() throws {
    for seed in 0..<50 {
      var played = try Played("household:turns=200", seed: UInt64(seed))
      for command in [
        "open trunk", "open fridge", "open locker", "take cloth", "take book", "close fridge",
      ] {
        try played.say(command)
      }
      try played.letExpertPlay()
      #expect(played.ending == .succeeded)
    }
  }

  @Test func turnsAreBounded() throws {
    var played = try Played("household:turns=2", seed: 1)
    try played.say("look")
    #expect(played.ending == nil)
    try played.say("look")
    #expect(played.ending == .outOfTurns && played.reward == 0)
  }
}
