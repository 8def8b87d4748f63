import Testing

@testable import Evaluation

struct ContinualTests {
  /// Worked by hand: task 1 is learned by evaluation 2, task 2 by evaluation 4.
  @Test func theWorstPointsOfEarlierTasksAreSeen() {
    let metrics = ContinualMetrics(
      accuracy: [[0.1, 0.5, 0.75, 0.25, 0.5], [0, 0, 0.125, 0.5, 1]], taskEnds: [2, 4])
    #expect(metrics.averageAccuracy == 0.75)
    #expect(metrics.backwardTransfer == -0.25)
    #expect(metrics.forgetting == [0.25])
    #expect(metrics.minimumAccuracy == 0.25)
    #expect(metrics.worstCaseAccuracy == 0.5 * 1 + 0.5 * 0.25)
    #expect(metrics.stabilityGaps == [[0.5]])
  }

  @Test func oneTaskHasNothingToForget() {
    let metrics = ContinualMetrics(accuracy: [[0.25, 0.5]], taskEnds: [1])
    #expect(metrics.backwardTransfer == nil && metrics.minimumAccuracy == nil)
    #expect(metrics.forgetting == [] && metrics.stabilityGaps == [])
    #expect(metrics.worstCaseAccuracy == 0.5)
  }

  @Test func aRunsHistoryAgreesWithTheTasksOfWhichItIsTheLast() {
    var history = TrainingHistory(suites: ["new", "old"])
    #expect(history.worstCaseAccuracy == nil && history.minimum(of: 1) == nil)
    for values in [[0.1, 0.75], [0.5, 0.25], [1, 0.5]] { history.add(values) }
    let metrics = ContinualMetrics(
      accuracy: [[0.75, 0.25, 0.5], [0.1, 0.5, 1]], taskEnds: [0, 2])
    #expect(history.minimumAccuracy == metrics.minimumAccuracy)
    #expect(history.worstCaseAccuracy == metrics.worstCaseAccuracy)
    #expect(history.stabilityGap(of: 1) == metrics.stabilityGaps[0][0])
    #expect(history.minimum(of: 0) == 0.5)
  }
}
