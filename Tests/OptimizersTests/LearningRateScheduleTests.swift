import Testing

@testable import Optimizers

private func rates(_ decay: LearningRateSchedule.Decay, warmup: Int, minimum: Double) -> [Double] {
  let schedule = LearningRateSchedule(
    peak: 8, decay: decay, warmup: warmup, total: 8, minimum: minimum)
  return (1...10).map(schedule.rate)
}

@Test func warmUpRisesToThePeakAndStays() {
  #expect(rates(.constant, warmup: 4, minimum: 0) == [2, 4, 6, 8, 8, 8, 8, 8, 8, 8])
  #expect(rates(.constant, warmup: 0, minimum: 0)[0] == 8)
}

@Test func linearDecayEndsAtTheMinimumAndStays() {
  #expect(rates(.linear, warmup: 4, minimum: 0) == [2, 4, 6, 8, 6, 4, 2, 0, 0, 0])
  #expect(rates(.linear, warmup: 0, minimum: 4) == [7.5, 7, 6.5, 6, 5.5, 5, 4.5, 4, 4, 4])
}

@Test func cosineDecayPassesHalfWayBetweenThePeakAndTheMinimum() {
  let rates = rates(.cosine, warmup: 4, minimum: 2)
  #expect(rates[3] == 8)
  #expect(abs(rates[5] - 5) < 1e-12)
  #expect(rates[7] == 2 && rates[9] == 2)
}

@Test func aWarmUpAsLongAsTheRunNeverDecays() {
  let schedule = LearningRateSchedule(peak: 1, decay: .cosine, warmup: 4, total: 4)
  #expect((1...4).map(schedule.rate) == [0.25, 0.5, 0.75, 1])
}
