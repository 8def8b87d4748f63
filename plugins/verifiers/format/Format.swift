import Completions
import TemperPlugin

/// Judges the shape of a completion alone: tags, their order, a box.
struct Format: Verifier {
  struct Configuration: RewardConfiguration {
    /// Tags that have to occur once each, in this order, one behind the other.
    var tags = ["think", "answer"]
    /// Characters besides white space that a tag has to hold at least.
    var minimum = 1
    /// Behind the thinking there has to be a `\boxed{...}` that is not empty.
    var boxed = false
    /// Nothing but white space may stand outside of the tags.
    var only = false
    /// Each part that is as it should be earns its share; otherwise all or nothing.
    var partial = true
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.format"
  static let version = "1.0.0"
  static let summary = "Judges the shape of a completion: tags, their order, a box."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    for tag in configuration.tags where tag.isEmpty || tag.contains(where: { "<>/ ".contains($0) })
    {
      throw PluginError.invalidConfiguration(
        "'tags' holds '\(tag)'; give names without brackets, for example [\"think\"]")
    }
    guard !configuration.tags.isEmpty || configuration.boxed else {
      throw PluginError.invalidConfiguration(
        "there is nothing to judge; give 'tags', for example [\"think\"], or boxed=true")
    }
    guard configuration.minimum >= 1 else {
      throw PluginError.invalidConfiguration(
        "'minimum' is \(configuration.minimum); use at least 1, so that an empty tag earns nothing")
    }
    (self.configuration, self.host) = (configuration, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let faults = faults(of: text(of: sample))
    let kept = faults.count { $0 == nil }
    let share = Float(kept) / Float(faults.count)
    host.record("score", Double(share))
    guard let fault = faults.compactMap(\.self).first else { return .right() }
    if kept == 0 { return .unparsable(fault) }
    let reward = configuration.wrong + (configuration.right - configuration.wrong) * share
    return .wrong(fault, reward: configuration.partial ? reward : nil)
  }

  /// The completion, with the first tag's start where the prompt has ended in it.
  private func text(of sample: Sample) -> CompletionText {
    let completion = sample.completion
    guard let first = configuration.tags.first,
      CompletionText(sample.prompt).trimmed.hasSuffix("<\(first)>")
    else { return CompletionText(completion) }
    return CompletionText("<\(first)>" + completion)
  }

  /// One entry a part that is looked at: what is wrong with it, or `nil`.
  private func faults(of text: CompletionText) -> [String?] {
    let tags = configuration.tags
    var faults = tags.map { fault(of: $0, in: text) }
    let areWhole = faults.allSatisfy { $0 == nil }
    if tags.count > 1 {
      let order = tags.map { "<\($0)>" }.joined(separator: ", ")
      let isOrdered = areWhole && text.isOrdered(tags)
      faults.append(isOrdered ? nil : "the tags do not follow each other as \(order)")
    }
    if configuration.boxed {
      let box = text.afterThinking.lastBoxed
      faults.append(box?.isBlank ?? true ? #"there is no \boxed{...} that holds something"# : nil)
    }
    if configuration.only {
      let isClean = areWhole && text.outside(tags).isBlank
      faults.append(isClean ? nil : "there is text outside of the tags")
    }
    return faults
  }

  private func fault(of tag: String, in text: CompletionText) -> String? {
    let (starts, ends) = (text.count(of: "<\(tag)>"), text.count(of: "</\(tag)>"))
    guard starts > 0 else { return "there is no <\(tag)>" }
    guard ends > 0 else { return "<\(tag)> stays open" }
    guard starts == 1, ends == 1 else { return "<\(tag)> occurs more than once" }
    guard let content = text.tagged(tag).first else { return "</\(tag)> stands before <\(tag)>" }
    let size = content.text.count { !$0.isWhitespace }
    return size >= configuration.minimum
      ? nil : "<\(tag)> holds \(size) characters; at least \(configuration.minimum) are wanted"
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Format.self) }
