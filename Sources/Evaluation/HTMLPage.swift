import JSON
import Trajectories

/// A report as one page for a browser: scores, and every problem with what was written for it.
///
/// The page loads nothing and runs no script; everything that comes from data, a model or a file
/// is escaped.
public struct HTMLPage {
  private let report: EvaluationReport

  public init(_ report: EvaluationReport) { self.report = report }

  public var text: String {
    let title = escaped(report.title)
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
      <meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      style-src 'unsafe-inline'">
      <style>\(Self.style)</style></head><body>
      <h1>\(title)</h1>
      <pre class="scores">\(escaped(report.table))</pre>
      \(filters)
      <main>
      \(report.generations.problems.indices.map(problem).joined(separator: "\n"))
      </main>
      <h2>How it was measured</h2>
      <table>\(conditions)</table>
      </body></html>

      """
  }

  // MARK: Parts

  private var conditions: String {
    report.generations.conditions.map { member in
      let value =
        if case .string(let text) = member.value { text } else { member.value.serialized() }
      return "<tr><th>\(escaped(member.key))</th><td>\(escaped(value))</td></tr>"
    }.joined(separator: "\n")
  }

  /// Buttons that hide problems by the rules of the style alone.
  private var filters: String {
    let counts = Dictionary(
      grouping: report.headline.problems.indices, by: kind
    ).mapValues(\.count)
    let buttons = ["all"] + Kind.allCases.map(\.rawValue)
    return buttons.map { name in
      let count =
        name == "all" ? report.headline.problems.count : counts[Kind(rawValue: name)!] ?? 0
      return """
        <input type="radio" name="show" id="show-\(name)"\(name == "all" ? " checked" : "")>\
        <label for="show-\(name)">\(name) (\(count))</label>
        """
    }.joined(separator: "\n")
  }

  private enum Kind: String, CaseIterable { case right, mixed, wrong }

  /// Whether all, some or none of a problem's completions are right.
  private func kind(_ place: Int) -> Kind {
    let judgements = report.headline.problems[place].judgements
    let right = judgements.count { $0.verdict == .right }
    return right == judgements.count ? .right : right == 0 ? .wrong : .mixed
  }

  private func problem(_ place: Int) -> String {
    let problem = report.generations.problems[place]
    let result = report.headline.problems[place]
    let right = result.judgements.count { $0.verdict == .right }
    let row = try? JSON(parsing: problem.row, source: "row")
    let gold = row.flatMap {
      $0["answer"].string ?? ($0["answer"].isNull ? nil : $0["answer"].serialized)
    }
    return """
      <details class="\(kind(place).rawValue)"><summary><b>\(escaped(problem.id))</b> \
      \(right)/\(result.judgements.count) right\
      \(gold.map { " <span>gold \(escaped($0))</span>" } ?? "")</summary>
      <pre class="prompt">\(escaped(problem.prompt))</pre>
      \(problem.completions.indices.map { completion($0, of: place) }.joined(separator: "\n"))
      </details>
      """
  }

  private func completion(_ index: Int, of place: Int) -> String {
    let problem = report.generations.problems[place]
    let completion = problem.completions[index]
    let judgement = report.headline.problems[place].judgements[index]
    let name =
      problem.greedy == nil ? "sample \(index)" : index == 0 ? "greedy" : "sample \(index - 1)"
    let verdicts = report.scores.map { score in
      let judgement = score.problems[place].judgements[index]
      let answer = judgement.answer.map { ": \(escaped($0))" } ?? ""
      let reason = judgement.reason.isEmpty ? "" : " (\(escaped(judgement.reason)))"
      return "<li class=\"\(judgement.verdict.rawValue)\"><b>\(escaped(score.name))</b> "
        + "\(judgement.verdict.rawValue)\(answer)\(reason)</li>"
    }.joined()
    return """
      <section class="\(judgement.verdict.rawValue)"><h3>\(name), \(completion.tokens.count) tokens\
      \(completion.isTruncated ? ", truncated" : "")</h3><pre>\(escaped(completion.text))</pre>\
      <ul>\(verdicts)</ul></section>
      """
  }

  private static let style = """
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em;
      color: #222; background: #fff }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f5f3; padding: .6em;
      margin: .4em 0 }
    .scores { font-size: 13px; white-space: pre; overflow-x: auto }
    details { border-left: 4px solid #bbb; padding: .2em .8em; margin: .4em 0 }
    details.right { border-color: #2a8a4a } details.mixed { border-color: #c9921a }
    details.wrong { border-color: #b3372f }
    summary { cursor: pointer } summary span { color: #666 }
    section h3 { font-size: 14px; margin: .8em 0 0 }
    section.right h3 { color: #2a8a4a } section.wrong h3, section.failed h3 { color: #b3372f }
    section.unparsable h3 { color: #8a5a12 }
    ul { margin: .2em 0; padding-left: 1.2em; font-size: 13px } table { font-size: 13px }
    th { text-align: left; vertical-align: top; padding-right: 1em; font-weight: normal; color: #666 }
    td { overflow-wrap: anywhere }
    #show-right:checked ~ main details:not(.right), #show-wrong:checked ~ main details:not(.wrong),
    #show-mixed:checked ~ main details:not(.mixed) { display: none }
    @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 }
      pre { background: #242424 } }
    """
}

extension EvaluationReport {
  /// `gsm8k, models/arithmetic`
  var title: String {
    ["suite", "data", "model"].compactMap { key in
      guard case .string(let text)? = generations[key] else { return nil }
      return text
    }.joined(separator: ", ")
  }
}

/// Text as it may stand in an element or an attribute of a page.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    // Control characters are no text of a page.
    case "\u{0}"..<"\u{9}", "\u{B}"..<"\u{D}", "\u{E}"..<"\u{20}", "\u{7F}"..<"\u{A0}":
      result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
