import Pages
import Testing

@Suite struct PagesTests {
  @Test func textCannotBecomeMarkup() {
    let text = escaped("<script>\"a\" & 'b'</script>\u{0}\u{1B}[31m")
    #expect(
      text == "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;\u{FFFD}\u{FFFD}[31m")
    var page = Page(title: "<b>")
    page.table(header: ["<i>"], rows: [["</td>"]])
    page.paragraph("<p>")
    #expect(!page.html.contains("<b>") && !page.html.contains("<i>"))
    #expect(page.html.contains("<td>&lt;/td&gt;</td>"))
  }

  @Test func aPageLoadsNothing() {
    var page = Page(title: "page")
    page.add(LineChart(title: "c", xLabel: "step", series: [.init("a", [.init(x: 1, y: 2)])]).html)
    for loading in ["http:", "https:", "src=", "@import", "url(", "<link", "<script"] {
      #expect(!page.html.contains(loading), "\(loading)")
    }
  }

  @Test func aCurveRisesOnThePageWhereItsValuesRise() throws {
    let chart = LineChart(
      title: "c", xLabel: "x", series: [.init("a", [.init(x: 0, y: 0), .init(x: 10, y: 1)])])
    let points = try #require(
      chart.html.firstMatch(of: /points="([0-9.]+),([0-9.]+) ([0-9.]+),([0-9.]+)"/))
    let numbers = [points.1, points.2, points.3, points.4].map { Double($0)! }
    #expect(numbers[2] > numbers[0])
    #expect(numbers[3] < numbers[1])
  }

  @Test func valuesThatAreNotFiniteAreLeftOut() {
    let series = LineChart.Series("a", [.init(x: 0, y: .nan), .init(x: 1, y: .infinity)])
    let chart = LineChart(title: "c", xLabel: "x", series: [series])
    #expect(chart.html.contains("no values"))
    let mixed = LineChart(
      title: "c", xLabel: "x",
      series: [.init("a", [.init(x: 0, y: .nan), .init(x: 1, y: 2), .init(x: 2, y: 3)])])
    #expect(!mixed.html.contains("nan") && !mixed.html.contains("inf"))
  }
}
