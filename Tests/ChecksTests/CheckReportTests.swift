import Testing

@testable import Checks

struct CheckReportTests {
  @Test func theExitCodeSaysWhetherEverythingComparedAgrees() {
    var report = CheckReport(what: "things")
    #expect(report.exitCode == 1)
    report.skip("a", why: "no adapters")
    #expect(report.exitCode == 1)
    report.agree("b", error: 0.25)
    #expect(report.exitCode == 0)
    report.differ("c", error: 3, detail: "x is 1, expected 2")
    report.skip("d", why: "no adapters")
    #expect(report.exitCode == 1)
    #expect((report.cases, report.agreed, report.skipped) == (2, 1, 2))
    #expect(
      report.summary == """
        things: 1 of 2 agree, 2 skipped
          skipped 2: no adapters
          worst error: 3.0 of its tolerance
          differs: c: x is 1, expected 2
        """)
  }

  @Test func theObjectHoldsTheCountsAndWhatAChecksAdds() {
    var report = CheckReport(what: "things")
    report.agree("a", error: 0.5)
    report.differ("b", detail: "")
    report.extra = [.init("false_accepts", 3)]
    #expect(
      report.json.serialized() == """
        {"what":"things","cases":2,"agreed":1,"skipped":0,"worst_error":1e+308,"differ":["b"],\
        "false_accepts":3}
        """)
  }

  @Test func aNaNIsTheWorstError() {
    var report = CheckReport(what: "things")
    report.differ("a", error: .nan, detail: "")
    report.differ("b", error: 2, detail: "")
    #expect(report.worstError == .infinity)
  }

  @Test func onlyTheFirstThatDifferAreNamed() {
    var report = CheckReport(what: "things")
    for case_ in 1...7 { report.differ("case \(case_)", detail: "") }
    #expect(report.differ.count == 7)
    #expect(report.summary.hasSuffix("differs: case 5: \n  and 2 more"))
  }
}
