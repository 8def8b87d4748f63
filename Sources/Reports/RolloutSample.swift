import Checkpoints
import Foundation
import JSON

/// A completion that a report shows: what was asked, written, judged, and its tokens where the run
/// kept their columns.
public struct RolloutSample: Sendable {
  public let promptID: String
  public let sample: Int
  public let prompt: String
  public let text: String
  public let verdict: String
  /// `nil` where the verifier failed.
  public let reward: Double?
  public let advantage: Double?
  public let answer: String?
  public let reason: String
  public let stop: String
  /// How many tokens it has; ``tokens`` may have fewer.
  public let length: Int
  public let tokens: [Token]

  /// A token with its figures, NaN where the run did not keep them.
  public struct Token: Sendable {
    public let id: Int32
    public let logprob, entropy, advantage: Double
    public let isMasked: Bool
    /// Who wrote it: 0 the model, 1 an environment, 2 the chat template.
    public let author: Int
  }

  /// - Parameter limit: the most tokens that are kept.
  init?(_ line: JSON, limit: Int) {
    guard let promptID = line["prompt_id"].string, let verdict = line["verdict"].string,
      let text = line["text"].string, let ids = line["ids"].ints
    else { return nil }
    (self.promptID, self.verdict, self.text) = (promptID, verdict, text)
    sample = line["sample"].int ?? 0
    prompt = line["prompt"].string ?? ""
    reward = line["reward"].double
    advantage = line["advantage"].double
    answer = line["answer"].string
    reason = line["reason"].string ?? ""
    stop = line["stop"].string ?? ""
    length = ids.count
    func column(_ name: String) -> [Double]? {
      line[name].doubles.flatMap { $0.count == ids.count ? $0 : nil }
    }
    guard let logprobs = column("old_logprobs") else {
      tokens = []
      return
    }
    let (entropies, advantages) = (column("entropies"), column("advantages"))
    let (mask, authors) = (column("mask"), Self.authors(line["authors"], ids.count))
    tokens = ids.indices.prefix(limit).map { t in
      Token(
        id: Int32(clamping: ids[t]), logprob: logprobs[t], entropy: entropies?[t] ?? .nan,
        advantage: advantages?[t] ?? .nan, isMasked: mask?[t] == 0, author: authors?[t] ?? 0)
    }
  }

  /// By number or by name.
  private static func authors(_ column: JSON, _ count: Int) -> [Int]? {
    let names = ["model": 0, "environment": 1, "template": 2]
    let authors = column.array?.map { $0.int ?? names[$0.string ?? ""] ?? 0 }
    return authors?.count == count ? authors : nil
  }
}

/// Some completions of some of a run's steps: enough to see what it learns, however long it is.
public struct RolloutSamples: Sendable {
  /// In the order of the steps.
  public private(set) var steps: [(step: Int, samples: [RolloutSample], count: Int)] = []

  /// How much is kept.
  public struct Limits: Sendable {
    /// Steps at most, the first and the last among them.
    public var steps = 8
    public var prompts = 2
    public var samplesOfPrompt = 3
    public var tokensOfSample = 400
    public init() {}
  }

  /// - Parameter marked: steps that are to be among those that are shown, as far as they fit.
  public init(_ folder: RunFolder, marked: [Int] = [], limits: Limits = Limits()) {
    let recorded = folder.recordedSteps
    for step in Self.choice(of: recorded, marked: marked, count: limits.steps) {
      var broken = 0
      let lines = RunRecord.lines(of: folder.rollouts(step: step), &broken)
      let samples = Self.choice(of: lines, limits)
      if !samples.isEmpty { steps.append((step, samples, lines.count)) }
    }
  }

  /// The ends, up to half of them marked ones, and what lies evenly between.
  static func choice(of steps: [Int], marked: [Int], count: Int) -> [Int] {
    guard steps.count > count else { return steps }
    let known = Set(steps)
    var chosen: Set<Int> = [steps.first!, steps.last!]
    for step in marked where known.contains(step) && chosen.count < 2 + count / 2 {
      chosen.insert(step)
    }
    let rest = steps.filter { !chosen.contains($0) }
    let places = count - chosen.count
    for place in 0..<places { chosen.insert(rest[rest.count * (2 * place + 1) / (2 * places)]) }
    return chosen.sorted()
  }

  /// Of each of the first prompts, one completion of each verdict and then others.
  private static func choice(of lines: [JSON], _ limits: Limits) -> [RolloutSample] {
    var prompts: [String] = []
    var chosen: [String: [(place: Int, sample: RolloutSample)]] = [:]
    for (place, line) in lines.enumerated() {
      guard let id = line["prompt_id"].string else { continue }
      if !prompts.contains(id) {
        guard prompts.count < limits.prompts else { continue }
        prompts.append(id)
      }
      guard let sample = RolloutSample(line, limit: limits.tokensOfSample) else { continue }
      chosen[id, default: []].append((place, sample))
    }
    return prompts.flatMap { id -> [RolloutSample] in
      let all = chosen[id] ?? []
      var seen: Set<String> = []
      let firsts = all.filter { seen.insert($0.sample.verdict).inserted }
      let others = all.filter { entry in !firsts.contains { $0.place == entry.place } }
      return (firsts + others).prefix(limits.samplesOfPrompt).sorted { $0.place < $1.place }
        .map(\.sample)
    }
  }
}
