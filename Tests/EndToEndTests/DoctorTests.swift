import JSON
import Testing

/// What the machine can do is said in words and in JSON.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct DoctorTests {
  @Test func everythingThatWasLookedAtHasALine() throws {
    let page = try Temper.succeed(["doctor"]).output
    let report = try JSON(parsing: try Temper.succeed(["doctor", "--json"]).lastLine)
    for name in ["sandbox", "python3", "OpenBLAS", "processor", "memory"] {
      let isGood = try #require(report[name]["ok"].bool as Bool?)
      let mark = isGood ? "ok     " : "MISSING"
      #expect(page.split(separator: "\n").contains { $0.hasPrefix("\(mark) \(name) ") }, "\(name)")
    }
    #expect(try report["processor"]["cores"].requireInt() > 0)
    #expect(try report["memory"]["total_bytes"].requireInt() > 1 << 28)
    #expect(report["OpenBLAS"]["text"].string?.hasPrefix("OpenBLAS") == true)
  }
}
