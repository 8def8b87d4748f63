import TemperPlugin
import Testing

@testable import HigherLower

@Suite struct HigherLowerTests {
  private let plugin = Result { try HigherLower(.init(), host: .trial) }

  @Test func theExpertFindsEveryNumber() throws {
    let plugin = try plugin.get()
    for seed in 0..<100 {
      var episode = plugin.begin(EpisodeTask(seed: UInt64(seed)))
      var ending: Transition.Ending?
      for number in 0..<7 where ending == nil {
        let text = try #require(plugin.expert(episode))
        ending = plugin.step(ModelTurn(number: number, text: text), &episode).ending
      }
      #expect(ending == .succeeded)
    }
  }

  @Test func aTurnWithoutANumberIsVoid() throws {
    let plugin = try plugin.get()
    var episode = plugin.begin(EpisodeTask(seed: 1))
    #expect(plugin.step(ModelTurn(number: 0, text: "hm"), &episode).isVoid)
  }
}
