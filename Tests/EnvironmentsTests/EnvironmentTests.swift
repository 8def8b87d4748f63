import Environments
import JSON
import Testing

@Suite struct EnvironmentTests {
  @Test func anEpisodeGoesOnUntilItHasAnEnding() {
    #expect(Transition(messages: [["role": "user", "content": "more"]]).ending == nil)
    #expect(EpisodeEnding.allCases.map(\.rawValue).contains("out_of_turns"))
  }
}
