import Trajectories

extension EvaluationReport {
  /// The scores for people.
  public var table: String {
    var parts = [headlineTable]
    if scores.count > 1 { parts.append(protocolTable) }
    if !groupKeys.isEmpty { parts.append(groupTable) }
    parts.append(lengthLine)
    parts.append(
      headline.verdicts.map { "\($0.verdict.rawValue) \($0.count)" }.joined(separator: ", "))
    if headline.failedShare > 0.001 {
      parts[parts.count - 1] +=
        "\nthe verifier failed on \(percent(headline.failedShare)) of completions: mend it first"
    }
    return parts.joined(separator: "\n\n")
  }

  private var headlineTable: String {
    let count = generations.problems.count
    var lines = ["\(count) problem\(count == 1 ? "" : "s")", ""]
    if scores.count > 1 { lines[0] += ", protocol '\(headline.name)'" }
    func add(_ name: String, _ score: Score, _ note: String = "") {
      lines.append(
        name.padded(18) + percent(score.value).padded(9)
          + "95% interval \(percent(score.interval.low)) to \(percent(score.interval.high))\(note)")
    }
    if let greedy = headline.greedy { add("greedy accuracy", greedy) }
    guard let average = headline.average else { return lines.joined(separator: "\n") }
    let errors =
      average.problemError.isNaN
      ? ""
      : "; standard error \(percent(average.problemError)), of sampling alone "
        + percent(average.samplingError)
    let summary = headline.summary
    add("avg@\(headline.sampleCount) (pass@1)", summary.passes[0].score, errors)
    for (k, score) in summary.passes where k > 1 && headline.shownKs.contains(k) {
      add("pass@\(k)", score)
    }
    for (k, score) in summary.majorities { add("maj@\(k)", score) }
    return lines.joined(separator: "\n")
  }

  /// The same completions under every protocol, side by side.
  private var protocolTable: String {
    let n = headline.sampleCount
    let width = max(18, scores.map(\.name.count).max()! + 2)
    var header = "the same completions".padded(width)
    if generations.hasGreedy { header += "greedy".padded(9) }
    if n > 0 {
      header += "avg@\(n)".padded(9)
      if n > 1 { header += "pass@\(n)".padded(9) + "maj@\(n)".padded(9) }
    }
    header += "answered"
    let rows = scores.map { score in
      var row = score.name.padded(width)
      if let greedy = score.greedy { row += percent(greedy.value).padded(9) }
      if let average = score.average {
        row += percent(average.mean).padded(9)
        if n > 1 {
          row += percent(mean(score.passes(at: n))).padded(9)
          row += percent(mean(score.majorities(at: n))).padded(9)
        }
      }
      return row + percent(score.answeredShare)
    }
    return ([header] + rows).joined(separator: "\n")
  }

  private var groupTable: String {
    let groups = groups
    let rows = groups.map { group in
      "\(group.key) \(group.value)".padded(36) + "\(group.count)".padded(8)
        + percent(value(of: group))
    }
    let means = groupKeys.map { key in
      let values = groups.filter { $0.key == key }.map(value)
      return "mean over \(key)".padded(44) + percent(mean(values))
    }
    let header =
      "group".padded(36) + "rows".padded(8)
      + (generations.hasGreedy ? "greedy accuracy" : "pass@1")
    return ([header] + rows + means).joined(separator: "\n")
  }

  private var lengthLine: String {
    let lengths = generations.lengths
    let tenths = (lengths.mean * 10).rounded() / 10
    var line = """
      \(tenths) tokens on average, 95% have at most \(lengths.percentile95); \
      \(percent(lengths.truncated)) truncated, \(percent(lengths.repetitive)) repetitive
      """
    if lengths.truncated > 0 {
      let shares = [("finished", false), ("truncated", true)].compactMap { name, truncated in
        rightShare(of: headline, truncated: truncated).map { "\(percent($0)) of the \(name)" }
      }
      line += "\nright: " + shares.joined(separator: ", ")
    }
    return line
  }
}

private func mean(_ values: [Double]) -> Double {
  values.reduce(0, +) / Double(max(values.count, 1))
}
