import Testing

@testable import EmbeddedTask

@Suite struct DemonstrationTests {
  @Test func stylesComeInTheirShares() throws {
    let task = try ArithmeticTask()
    var counts: [DemonstrationMix.Style: Double] = [:]
    let mix = try DemonstrationMix(hasty: 0.5, sloppy: 0.2, careful: 0.3)
    for index in 0..<4000 { counts[task.demonstration(index, mix: mix).style, default: 0] += 1 }
    #expect(abs(counts[.hasty]! / 4000 - 0.5) < 0.03)
    #expect(abs(counts[.sloppy]! / 4000 - 0.2) < 0.03)
    #expect(abs(counts[.careful]! / 4000 - 0.3) < 0.03)
  }

  @Test func eachStyleIsWhatItsNameSays() throws {
    let task = try ArithmeticTask(seed: 9)
    for index in 0..<1000 {
      let demonstration = task.demonstration(index)
      let (chain, completion) = (demonstration.chain, demonstration.completion)
      switch demonstration.style {
      case .hasty: #expect(completion == "#" + chain.answer)
      case .careful: #expect(completion == chain.solution)
      case .sloppy:
        #expect(completion != chain.solution)
        #expect(slips(in: completion, of: chain) == 1)
      }
    }
  }

  /// How many results do not follow from the one before.
  private func slips(in completion: String, of chain: ArithmeticChain) -> Int {
    let results = completion.split { $0 == " " || $0 == "#" }.map { Int($0)! }
    #expect(results.count == chain.operators.count)
    var value = chain.numbers[0]
    var slips = 0
    for (index, result) in results.enumerated() {
      if chain.operators[index].apply(value, chain.numbers[index + 1]) != result { slips += 1 }
      value = result
    }
    return slips
  }

  @Test func aMixIsReadFromText() throws {
    let mix = try DemonstrationMix(parsing: "careful=0.3,hasty=0.6,sloppy=0.1")
    #expect(mix == .standard)
    #expect(try DemonstrationMix(parsing: "careful=1").hasty == 0)
  }

  @Test(arguments: [
    ("hasty=0.6,carefull=0.4", "'carefull=0.4' names none of hasty, sloppy, careful"),
    ("hasty=much", "'hasty=much' gives no number"),
    ("hasty=0.6,careful=0.3", "add up to 1"),
    ("hasty=1.5,careful=-0.5", "at least 0"),
  ])
  func aMixThatIsNoneIsRefused(text: String, reason: String) {
    let error = #expect(throws: EmbeddedTaskError.self) { try DemonstrationMix(parsing: text) }
    #expect(error?.description.contains(reason) == true)
  }
}
