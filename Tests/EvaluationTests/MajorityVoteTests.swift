import Testing

@testable import Evaluation

struct MajorityVoteTests {
  @Test func theEarliestOfTiedAnswersWins() {
    let vote = MajorityVote([nil, 2, 1, 1, 2, 3])
    #expect(vote.winners == [1, 2])
    #expect(vote.score { $0 == 1 } == 1)
    #expect(vote.score { $0 == 2 } == 0)
    #expect(vote.expectedScore { $0 == 2 } == 0.5)
  }

  @Test func samplesWithoutAnAnswerDoNotVote() {
    #expect(MajorityVote([nil, nil, 5]).winners == [2])
    #expect(MajorityVote([Int?](repeating: nil, count: 4)).winners == [])
    #expect(MajorityVote([nil, nil]).score { _ in true } == 0)
    #expect(MajorityVote([nil, nil]).expectedScore { _ in true } == 0)
  }
}
