import Foundation
import Testing

@testable import TemperPlugin

/// Uniform numbers in 0..<1, the same in every run.
struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators".
  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

@Suite struct TrendTests {
  @Test func tiesShrinkTheVariance() {
    // By hand: differences + 0 + + + +, so S = 5; n = 4 gives 156, a pair of equals takes 18.
    let trend = MannKendall([1, 2, 2, 3])
    #expect(trend.s == 5)
    #expect(trend.variance == (156.0 - 18) / 18)
    #expect(trend.z == 4 / ((156.0 - 18) / 18).squareRoot())
  }

  @Test func aFallingSeriesIsTheMirrorOfARisingOne() {
    let values = [0.3, 0.1, 0.9, 0.4, 1.2, 1.1, 2]
    let (up, down) = (MannKendall(values), MannKendall(values.map { -$0 }))
    #expect(up.s == -down.s && up.z == -down.z && up.variance == down.variance)
  }

  @Test func aLevelSeriesHasNoTrend() {
    #expect(MannKendall([2, 2, 2, 2]).z == 0)
    #expect(MannKendall([]).z == 0)
    #expect(MannKendall([1]).variance == 0)
    #expect([2.0, 2, 2].slopeT == 0)
    #expect([2.0].medianSlope == nil)
  }

  @Test func whiteNoiseIsNoTrend() {
    var chance = Chance(seed: 1)
    var alarms = 0
    for _ in 0..<1000 {
      let values = (0..<64).map { _ in chance.normal() }
      if abs(MannKendall(values).z) > 3 { alarms += 1 }
    }
    #expect(alarms < 10)  // 0.27% are expected
  }

  @Test func outliersDoNotMoveTheMedianSlope() {
    var values = (0..<21).map { 0.5 * Double($0) }
    #expect(values.medianSlope == 0.5)
    values[10] = 1000
    #expect(values.medianSlope == 0.5)
  }

  @Test func theTOfALineIsThatOfLeastSquares() {
    // x centred: -1.5 -0.5 0.5 1.5; slope 6.5/5, residual 0.3, t = slope / sqrt(0.3 / 2 / 5).
    #expect(abs([1.0, 3, 4, 5].slopeT! - 1.3 / (0.3 / 2 / 5).squareRoot()) < 1e-12)
    #expect([1.0, 2, 3, 4].slopeT == .infinity)
  }

  @Test func timeToALimitIsCountedWhereTheSlopePointsThere() {
    #expect(stepsUntil(0.2, from: 1, slope: -0.1) == 8)
    #expect(stepsUntil(0.2, from: 1, slope: 0.1) == nil)
    #expect(stepsUntil(0.2, from: 1, slope: 0) == nil)
    #expect(stepsUntil(1, from: 1, slope: 0) == 0)
  }
}

@Suite struct WindowTests {
  @Test func itKeepsTheLastValues() {
    var window = Window()
    for value in [1, .nan, 2, .infinity, 3, 4] { window.append(value, keeping: 3) }
    #expect(window.values == [2, 3, 4] && window.median == 3 && window.medianDeviation == 1)
  }

  @Test func fewerThanSixteenValuesSayNothing() {
    var window = Window()
    for value in 1...15 { window.append(Double(value), keeping: 64) }
    #expect(window.robustZ(of: 100) == nil)
    window.append(16, keeping: 64)
    // median 8.5, deviations 0.5 ... 7.5 with median 4
    #expect(window.robustZ(of: 100) == (100 - 8.5) / (1.4826 * 4 + 0.01 * 8.5 + 1e-12))
    #expect(window.robustZ(of: .nan) == nil)
  }

  @Test func aLevelWindowMeasuresByItsLevel() {
    var window = Window()
    for _ in 0..<20 { window.append(2, keeping: 64) }
    #expect(window.robustZ(of: 2) == 0)
    #expect(abs(window.robustZ(of: 2.2)! - 10) < 1e-6)
  }
}

@Suite struct MovingAverageTests {
  @Test func theMeanIsUnbiasedFromTheFirstValueOn() {
    var average = MovingAverage()
    #expect(average.mean == nil)
    average.add(3, past: 0.9)
    #expect(abs(average.mean! - 3) < 1e-12)
    average.add(5, past: 0.9)
    #expect(abs(average.mean! - (0.9 * 0.1 * 3 + 0.1 * 5) / (1 - 0.81)) < 1e-12)
    #expect(abs(average.variance - 0.9 * 0.1 * 4) < 1e-12)
    average.add(.nan, past: 0.9)
    #expect(average.count == 2)
  }
}

@Suite struct ChangePointTests {
  @Test func aMeanThatRisesIsFoundAndNoiseIsNot() {
    var chance = Chance(seed: 2)
    var (test, found) = (PageHinkley(), [Int]())
    for step in 0..<400 {
      if test.add(chance.normal() + (step < 300 ? 0 : 4), drift: 0.5, limit: 20) {
        found.append(step)
      }
    }
    #expect(found.first.map { (301...315).contains($0) } == true, "\(found)")
  }

  @Test func aSumOfDeviationsSoundsPastItsLimitAndStartsAnew() {
    var test = CUSUM()
    // 3 - 0.5 each: above 8 at the fourth.
    let sounds = (0..<4).map { _ in test.add(3) }
    #expect(sounds == [false, false, false, true])
    #expect(test.sum == 0)
    let quiet = [Double.nan, -5].map { test.add($0) }
    #expect(quiet == [false, false] && test.sum == 0)
  }
}

@Suite struct AlarmTests {
  private func sounds(_ bad: [Bool], _ settings: AlarmSettings = AlarmSettings()) -> [Int] {
    var alarm = Alarm()
    return bad.indices.filter { alarm.look(bad[$0], step: $0 + 1, settings) }.map { $0 + 1 }
  }

  @Test func itSoundsAtTheThirdOfFive() {
    #expect(sounds([true, false, true, false, true]) == [5])
    #expect(sounds([true, false, false, true, false, false, true]) == [])
  }

  @Test func itDoesNotSoundAgainWithinTheCooldown() {
    #expect(sounds(Array(repeating: true, count: 25)) == [3, 13, 23])
  }

  @Test func itIsOverAfterFiveCleanLooks() {
    let quiet = Array(repeating: false, count: 5)
    let settings = AlarmSettings(cooldown: 0)
    // Without the five, one more bad look would sound at once.
    #expect(sounds([true, true, true] + quiet + [true], settings) == [3])
    #expect(sounds([true, true, true] + quiet.dropLast() + [true], settings) == [3, 8])
  }

  @Test func aCatastropheSoundsAtOnceAndOnce() {
    var alarm = Alarm()
    let sounds = [
      alarm.look(true, step: 1), alarm.look(true, step: 2, isCatastrophe: true),
      alarm.look(false, step: 3), alarm.look(true, step: 4, isCatastrophe: true),
    ]
    #expect(sounds == [false, true, false, true])
  }

  @Test func itSurvivesACheckpoint() throws {
    var alarms = Alarms()
    _ = alarms.look("a", true, step: 1)
    _ = alarms.look("a", true, step: 2)
    var resumed = try JSONDecoder().decode(Alarms.self, from: JSONEncoder().encode(alarms))
    #expect(resumed == alarms)
    let sounds = resumed.look("a", true, step: 3)
    #expect(sounds && resumed.isOn("a") && !resumed.isOn("b"))
  }
}

@Suite struct RankTests {
  @Test func equalValuesShareTheirRanks() {
    #expect(ranks([3, 1, 3, 2]) == [3.5, 1, 3.5, 2])
    #expect(ranks([]) == [])
  }

  @Test func aMonotoneCurveHasRankCorrelationOne() {
    #expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000]) == 1)
    #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
    #expect(rankCorrelation([1, 2, 3], [2, 2, 2]) == nil)
    #expect(correlation([], []) == nil)
  }

  @Test func separabilityCountsTiesHalf() {
    #expect(separability([1, 2, 3, 4], isPositive: [false, false, true, true]) == 1)
    #expect(separability([1, 1], isPositive: [true, false]) == 0.5)
    // Pairs: 2 > 1 won, 2 against 2 tied, 0 lost twice.
    #expect(separability([2, 0, 1, 2], isPositive: [true, true, false, false]) == 1.5 / 4)
    #expect(separability([1, 2], isPositive: [true, true]) == nil)
  }
}

@Suite struct FindingsTests {
  @Test func theStrongestCarriesWhatElseWasFound() {
    var findings = Findings()
    #expect(findings.strongest == .nothing)
    findings.warn("a")
    findings.add(.skipStep, isCritical: true, "b")
    findings.add(.scaleRate(factor: 0.5, steps: 3), "c")
    #expect(findings.strongest == Finding(.skipStep, isCritical: true, "b; a; c"))
  }

  @Test func numbersInSentencesHaveThreeDigits() {
    #expect(short(0.031_24) == "0.0312" && short(1.23e-5) == "1.23e-05" && short(450) == "450")
    #expect(percent(0.125) == "12.5%")
  }
}
