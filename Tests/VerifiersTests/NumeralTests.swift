import Glibc
import Testing

@testable import Numerals

@Suite struct NumeralTests {
  @Test(arguments: [
    ("1,000", "1000"), ("1000.0", "1000"), ("1e3", "1,000"), ("$1,000.00", "1000"),
    ("50%", "50"), ("1/2", "0.5"), ("2/6", "1/3"), ("-3/4", "-0.75"), (".5", "0.50"),
    ("-$5", "-5"), ("$-5", "-5"), ("€3", "3"), ("\u{2212}7", "-7"), ("007", "7"), ("-0", "0"),
    ("x = 72 km", "72"), ("72.", "72"), ("= - 7", "-7"), ("- 7", "-7"), ("1.5e-3", "0.0015"),
    ("12,34,567", "1234567"), ("109,200,00", "10920000"), ("3 / 4", "0.75"),
    ("123456789012345678901234567890", "123456789012345678901234567890.0"),
  ])
  func equalNumbersAreEqualHoweverTheyAreWritten(_ pair: (String, String)) throws {
    #expect(try #require(Numeral(only: pair.0)) == #require(Numeral(only: pair.1)))
  }

  @Test(arguments: [
    ("1000", "1001"), ("-7", "7"), ("1/3", "0.333333333333333333"), ("0.1", "0.10000000000000001"),
    ("123456789012345678901234567890", "123456789012345678901234567891"), ("5 - 7", "-7"),
  ])
  func differentNumbersDiffer(_ pair: (String, String)) throws {
    #expect(Numeral(only: pair.0) != Numeral(only: pair.1))
  }

  @Test(arguments: [
    "", "none", "72 or 73", "3,4", "10-5", "2x3", "72x73", "1.2.3", "x2", "12:30", "1/2/3", "1/0",
    "1_000", "1e10000", "\(String(repeating: "9", count: 201))",
    "\(String(repeating: "9", count: 300)) 5",
  ])
  func whatIsNotExactlyOneNumberIsNone(_ text: String) {
    #expect(Numeral(only: text) == nil)
  }

  @Test(arguments: [
    ("x2 took 3 boxes of 1,200", "3", "1,200"), ("at -$4.50, or 1/2", "-$4.50", "1/2"),
    ("10-7 is 3.", "10", "3"), ("5 -7", "5", "-7"), ("= - 7", "- 7", "- 7"), ("€3", "€3", "€3"),
    ("1/0 and 1e99999", "1/0", "1e99999"), ("a1b2 12:30", "12", "30"),
  ])
  func theFirstAndTheLastNumberStandAsTheyAreWritten(
    _ text: String, _ first: String, _ last: String
  ) {
    #expect(FoundNumeral.first(in: text)?.text == first)
    #expect(FoundNumeral.last(in: text)?.text == last)
  }

  @Test func aTextWithoutNumbersHasNeitherFirstNorLast() {
    #expect(FoundNumeral.first(in: "x2, none") == nil && FoundNumeral.last(in: "x2, none") == nil)
  }

  @Test func doublesAreTheNearest() throws {
    #expect(try #require(Numeral(only: "-1/3")).double == -1.0 / 3)
    #expect(try #require(Numeral(only: "0.1")).double == 0.1)
  }

  @Test(arguments: ["2x3x", "1,", "a1", "1/"])
  func readingTakesLinearTime(_ unit: String) {
    // Time of this thread alone: on a busy machine a long run waits more often than a short one.
    func seconds(bytes: Int) -> Double {
      let text = String(repeating: unit, count: bytes / unit.utf8.count)
      let start = threadSeconds()
      _ = FoundNumeral.last(in: text)
      return threadSeconds() - start
    }
    // Sixteen times the text takes about 16 times as long, and 256 times if reading were quadratic.
    let short = (0..<5).map { _ in seconds(bytes: 20_000) }.min()!
    #expect(seconds(bytes: 320_000) / short < 64)
  }
}

private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
