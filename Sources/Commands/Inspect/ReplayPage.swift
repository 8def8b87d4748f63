import Foundation
import Pages
import Training

extension ReplayView {
  /// Completions on a page; a step may have more than anybody reads.
  private static let longestPage = 128

  /// The step as a page: every completion once a method, its tokens shaded by the size of their
  /// gradient, their figures on hover.
  var page: String {
    let batch = session.recorded.batch
    var page = Page(title: "A step, token by token")
    page.add(
      """
      <style>
      .tokens { font: 14px/2 ui-monospace, monospace; white-space: pre-wrap; margin: .2rem 0; }
      .tokens b { font-weight: 400; border-radius: 3px; padding: .1rem .05rem; }
      .tokens b.masked { opacity: .4; text-decoration: line-through; }
      section { border-top: 1px solid #8884; padding: .5rem 0; }
      </style>
      """)
    page.paragraph(
      "Shaded by the size of d loss/d logits; hover over a token for its figures. A token that is "
        + "struck through is not trained on.")
    page.table(
      header: ["method", "loss", "tokens trained on", "|gradient|"],
      rows: zip(names, replays).map { name, replay in
        [
          name, short(replay.loss), "\(replay.batch.mask.count { $0 != 0 })",
          short(norm(replay.gradientNorms[...])),
        ]
      })
    let largest = replays.flatMap(\.gradientNorms).max() ?? 0
    for index in session.recorded.completions.indices.prefix(Self.longestPage) {
      let completion = session.recorded.completions[index]
      let reward = completion.reward.map(short) ?? completion.verdict
      var html =
        "<section><h3>\(index): \(escaped(completion.promptID)), sample \(completion.sample), "
        + "reward \(escaped(reward))</h3>"
      for (name, replay) in zip(names, replays) {
        let tokens = batch.range(index).map { span($0, replay, largest) }
        html += "<div>\(escaped(name))</div><div class=\"tokens\">\(tokens.joined())</div>"
      }
      page.add(html + "</section>")
    }
    let left = session.recorded.completions.count - Self.longestPage
    if left > 0 { page.paragraph("\(left) further completions are not shown.") }
    return page.html
  }

  private func span(_ t: Int, _ replay: Replay, _ largest: Float) -> String {
    let batch = session.recorded.batch
    var figures = [
      "logprob \(short(batch.oldLogprobs[t]))", "entropy \(short(batch.oldEntropies[t]))",
      "advantage \(short(replay.batch.advantages[t]))", "ratio \(short(replay.ratios[t]))",
      "weight \(short(replay.shaping.weights[t]))", "gradient \(short(replay.gradientNorms[t]))",
    ]
    figures += replay.columns.map { "\($0.name) \(short($0.values[t]))" }
    let share = largest > 0 ? replay.gradientNorms[t] / largest : 0
    let color = replay.batch.advantages[t] < 0 ? "213,94,0" : "0,114,178"
    let style = String(format: "background:rgba(%@,%.2f)", color, share.squareRoot() * 0.8)
    let masked = replay.batch.mask[t] == 0 ? " class=\"masked\"" : ""
    let text = session.tokenizer.decode([batch.tokens[t]], skipSpecial: false)
    return "<b\(masked) style=\"\(style)\" title=\"\(escaped(figures.joined(separator: "\n")))\">"
      + escaped(text) + "</b>"
  }
}
