import TemperPlugin

/// Compares the choice that a completion names with the row's.
struct MultipleChoice: Verifier {
  struct Configuration: RewardConfiguration {
    /// Where the choice is looked for.
    var extract = Extraction.flexible
    /// Keys of the row.
    var gold = "answer"
    var choices = "choices"
    /// The labels, where the row does not say.
    var labels = "ABCDEFGHIJ"
    /// What a gold answer that is a number calls the first choice.
    var firstIndex = 0
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.multiple-choice"
  static let version = "1.0.0"
  static let summary = "Compares the choice that a completion names with the row's."

  let configuration: Configuration

  init(_ configuration: Configuration, host: Host) throws {
    let labels = configuration.labels
    guard labels.count > 1, Set(labels).count == labels.count,
      labels.allSatisfy({ $0.isUppercase || $0.isNumber })
    else {
      throw PluginError.invalidConfiguration(
        "'labels' is '\(labels)'; give different capitals or digits, for example ABCD")
    }
    self.configuration = configuration
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let question = try Question(sample, configuration)
    guard let statement = configuration.extract.statement(in: sample.completion, question) else {
      return .unparsable("no choice is named")
    }
    switch question.choice(in: statement) {
    case .one(let label):
      return label == question.gold
        ? .right(answer: label) : .wrong("expected \(question.gold)", answer: label)
    case .several: return .unparsable("more than one choice is named", answer: statement)
    case .none: return .unparsable("no choice is named", answer: statement)
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(MultipleChoice.self) }
