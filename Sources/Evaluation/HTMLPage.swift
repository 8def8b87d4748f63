import JSON
import Pages
import Trajectories

extension EvaluationReport {
  /// The report as one page for a browser: scores, and every problem with what was written for it.
  ///
  /// The page loads nothing and runs no script; everything that comes from data, a model or a file
  /// is escaped.
  public var page: Page {
    var page = Page(title: title)
    page.add("<style>\(style)</style>")
    page.add("<pre class=\"scores\">\(escaped(table))</pre>")
    page.heading("Problems")
    page.add(filters)
    page.add("<main>")
    for place in problems.indices { page.add(problem(place)) }
    page.add("</main>")
    page.heading("How it was measured")
    page.table(
      header: ["", ""],
      rows: generations.conditions.map { member in
        if case .string(let text) = member.value { return [member.key, text] }
        return [member.key, member.value.serialized()]
      })
    return page
  }

  /// `gsm8k, models/arithmetic`
  var title: String {
    ["suite", "data", "model"].compactMap { key in
      guard case .string(let text)? = generations[key] else { return nil }
      return text
    }.joined(separator: ", ")
  }

  // MARK: Parts

  /// How many of a problem's completions are right.
  private enum Kind: String, CaseIterable { case right, mixed, wrong }

  private func kind(_ place: Int) -> Kind {
    let judgements = problems[place].judgements
    let right = judgements.count { $0.verdict == .right }
    return right == judgements.count ? .right : right == 0 ? .wrong : .mixed
  }

  /// Buttons that hide problems by the rules of the style alone.
  private var filters: String {
    let counts = Dictionary(grouping: problems.indices, by: kind).mapValues(\.count)
    let buttons =
      [("all", problems.count)] + Kind.allCases.map { ($0.rawValue, counts[$0] ?? 0) }
    return buttons.map { name, count in
      """
      <input type="radio" name="show" id="show-\(name)"\(name == "all" ? " checked" : "")>\
      <label for="show-\(name)">\(name) (\(count))</label>
      """
    }.joined(separator: "\n")
  }

  private func problem(_ place: Int) -> String {
    let problem = generations.problems[place]
    let judgements = problems[place].judgements
    let right = judgements.count { $0.verdict == .right }
    let row = try? JSON(parsing: problem.row, source: "row")
    let gold = row?["answer"].string ?? ""
    return """
      <details class="\(kind(place).rawValue)"><summary><b>\(escaped(problem.id))</b> \
      \(right)/\(judgements.count) right\
      \(gold.isEmpty ? "" : " <span>gold \(escaped(gold))</span>")</summary>
      <pre>\(escaped(problem.prompt))</pre>
      \(problem.completions.indices.map { completion($0, of: place) }.joined(separator: "\n"))
      </details>
      """
  }

  private func completion(_ index: Int, of place: Int) -> String {
    let problem = generations.problems[place]
    let completion = problem.completions[index]
    let first = problem.greedy == nil ? 0 : 1
    let verdicts = scores.map { score in
      let judgement = score.problems[place].judgements[index]
      let answer = judgement.answer.map { ": \(escaped($0))" } ?? ""
      let reason = judgement.reason.isEmpty ? "" : " (\(escaped(judgement.reason)))"
      return
        "<li><b>\(escaped(score.name))</b> \(judgement.verdict.rawValue)\(answer)\(reason)</li>"
    }
    return """
      <section class="\(problems[place].judgements[index].verdict.rawValue)">\
      <h3>\(index < first ? "greedy" : "sample \(index - first)"), \
      \(completion.tokens.count) tokens\(completion.isTruncated ? ", truncated" : "")</h3>
      <pre>\(escaped(completion.text))</pre><ul>\(verdicts.joined())</ul></section>
      """
  }
}

private let style = """
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #8881; padding: .6em; margin: .4em 0; }
  pre.scores { white-space: pre; overflow-x: auto; }
  td { text-align: left; overflow-wrap: anywhere; }
  details { border-left: 4px solid #888; padding: .2em .8em; margin: .4em 0; }
  summary { cursor: pointer; } summary span { opacity: .7; }
  section h3 { font-size: .95em; margin: .8em 0 0; } ul { margin: .2em 0; font-size: .9em; }
  details.right { border-color: #009e73; } details.mixed { border-color: #e69f00; }
  details.wrong { border-color: #d55e00; }
  section.right h3 { color: #009e73; } section.wrong h3, section.failed h3 { color: #d55e00; }
  section.unparsable h3 { color: #b07c00; }
  #show-right:checked ~ main details:not(.right), #show-wrong:checked ~ main details:not(.wrong),
  #show-mixed:checked ~ main details:not(.mixed) { display: none; }
  """
