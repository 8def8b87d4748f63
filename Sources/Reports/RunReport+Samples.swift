import Foundation
import Pages

extension RunReport {
  /// Completions of some steps; their tokens shaded by what the reader chooses.
  func addSamples(to page: inout Page) {
    guard !samples.steps.isEmpty else { return }
    open("samples", "Completions", &page)
    let tokens = samples.steps.flatMap { $0.samples.flatMap(\.tokens) }
    page.add("<section class=\"samples\">")
    if tokens.isEmpty {
      page.add(
        "<p>Token by token where a run keeps its columns: <code>--run.log-columns</code></p>")
    } else {
      page.add(Self.choices(hasAuthors: tokens.contains { $0.author != 0 }))
    }
    let scale = TokenScale(tokens)
    for (place, entry) in samples.steps.enumerated() {
      let isOpen = place == samples.steps.count - 1 ? " open" : ""
      page.add(
        "<details id=\"step-\(entry.step)\"\(isOpen)><summary>Step \(entry.step) <small>"
          + "\(entry.samples.count) of \(entry.count) completions</small></summary>")
      var prompt: String?
      for sample in entry.samples {
        if sample.promptID != prompt {
          prompt = sample.promptID
          page.add(
            "<div class=\"prompt\"><small>\(escaped(sample.promptID))</small>"
              + "<pre>\(escaped(Self.cut(sample.prompt, Self.longestPrompt)))</pre></div>")
        }
        page.add(article(sample, scale))
      }
      page.add("</details>")
    }
    page.add("</section>")
  }

  private static let longestPrompt = 1500
  private static let longestText = 4000

  /// What tokens can be shaded by; the style sheet does the rest.
  private static func choices(hasAuthors: Bool) -> String {
    let all = [("entropy", "entropy"), ("advantage", "advantage"), ("logprob", "log-probability")]
    let choices = (all + (hasAuthors ? [("author", "author")] : [])).enumerated().map {
      index, choice in
      "<label><input type=\"radio\" name=\"shade\" id=\"by-\(choice.0)\""
        + "\(index == 0 ? " checked" : "")>\(choice.1)</label>"
    }
    return "<div class=\"choices\">Shade tokens by \(choices.joined())</div>"
      + "<p class=\"key by-entropy\">The stronger, the more entropy the policy had there.</p>"
      + "<p class=\"key by-advantage\">Blue is made likelier, orange less likely.</p>"
      + "<p class=\"key by-logprob\">The stronger, the less probable the token was.</p>"
      + "<p class=\"key by-author\">Plain is the model's, green an environment's, grey the "
      + "template's.</p>"
  }

  private func article(_ sample: RolloutSample, _ scale: TokenScale) -> String {
    let reward = sample.reward.map { "reward \(short($0))" } ?? "no reward"
    var facts = [reward, "advantage \(short(sample.advantage ?? .nan))", "\(sample.length) tokens"]
    facts.append(sample.stop == "length" ? "cut at the length limit" : "")
    if let answer = sample.answer { facts.append("answer \(Self.cut(answer, 80))") }
    facts.append(Self.cut(sample.reason, 160))
    let words = facts.filter { !$0.isEmpty }.map { "<span>\(escaped($0))</span>" }
    let text: String
    if sample.tokens.isEmpty {
      text = "<pre>\(escaped(Self.cut(sample.text, Self.longestText)))</pre>"
    } else {
      let left = sample.length - sample.tokens.count
      text =
        "<div class=\"tokens\">\(sample.tokens.map { token($0, scale) }.joined())"
        + (left > 0 ? " … \(left) more" : "") + "</div>"
    }
    return "<article><header><b class=\"verdict \(escaped(sample.verdict))\">"
      + "\(escaped(sample.verdict))</b>\(words.joined())</header>\(text)</article>"
  }

  private func token(_ token: RolloutSample.Token, _ scale: TokenScale) -> String {
    let shades = String(
      format: "--e:%.2f;--a:%.2f;--l:%.2f", scale.entropy(token), scale.advantage(token),
      scale.logprob(token))
    var classes = token.advantage < 0 ? ["n"] : []
    if token.isMasked { classes.append("m") }
    if token.author > 0 { classes.append("w\(token.author)") }
    let figures =
      "entropy \(short(token.entropy)), logprob \(short(token.logprob)), "
      + "advantage \(short(token.advantage)), id \(token.id)"
    let text = about.decode.map { $0(token.id) } ?? "⟨\(token.id)⟩"
    return "<b\(classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\"")"
      + " style=\"\(shades)\" title=\"\(figures)\">\(escaped(text))</b>"
  }

  static func cut(_ text: String, _ length: Int) -> String {
    text.count <= length ? text : text.prefix(length) + " …"
  }
}

/// How dark a token's shade is, from 0 to 1, against all that are shown.
private struct TokenScale {
  private let largestEntropy, largestAdvantage: Double

  init(_ tokens: [RolloutSample.Token]) {
    largestEntropy = tokens.lazy.map(\.entropy).filter(\.isFinite).max() ?? 0
    largestAdvantage = tokens.lazy.map { abs($0.advantage) }.filter(\.isFinite).max() ?? 0
  }

  func entropy(_ token: RolloutSample.Token) -> Double {
    share(token.entropy, of: largestEntropy)
  }
  func advantage(_ token: RolloutSample.Token) -> Double {
    token.isMasked ? 0 : share(abs(token.advantage), of: largestAdvantage)
  }
  /// Full where the token had a probability of e^-5 or less.
  func logprob(_ token: RolloutSample.Token) -> Double { share(-token.logprob, of: 5) }

  private func share(_ value: Double, of largest: Double) -> Double {
    value.isFinite && largest > 0 ? min(max(value / largest, 0), 1) : 0
  }
}
