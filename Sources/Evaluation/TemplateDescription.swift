import Datasets
import JSON

/// A way to put problems to a model, as a file of `evals/templates` describes it: the wording, the
/// worked examples, the form of the answer, and what ends it.
public struct TemplateDescription: Sendable {
  /// Where worked examples come from.
  public struct Shots: Sendable, Equatable {
    /// The file, below the data folder.
    public let file: DataFile
    public let count: Int
    /// The ids of the rows to show; empty for the first ones, or drawn ones.
    public let ids: [String]
    /// Drawn with the evaluation's seed, the same for every problem.
    public let isDrawn: Bool
  }

  public let id: String
  public let summary: String
  /// Without its worked examples.
  public let wording: PromptWording
  public let shots: Shots?
  /// The form of answer that the wording asks for.
  public let form: AnswerRule
  /// Texts that end an answer.
  public let stop: [String]
  /// Further ones for a model that is not asked through a chat template.
  public let plainStop: [String]
  /// The whole description in one spelling, for a digest.
  public let canonicalText: String

  /// - Parameter file: the file's name, for errors.
  public init(_ literal: JSONLiteral, file: String) throws(DescriptionError) {
    let reader = try DescriptionReader(
      literal, place: file,
      known: [
        "id", "summary", "question", "chat_question", "system", "answer", "separator", "shots",
        "form", "stop", "plain_stop",
      ])
    id = try reader.string("id")
    summary = try reader.string("summary")
    var wording = PromptWording(question: try reader.string("question"))
    wording.chatQuestion = try reader.optionalString("chat_question")
    wording.system = try reader.optionalString("system")
    wording.answer = try reader.optionalString("answer") ?? ""
    wording.separator = try reader.optionalString("separator") ?? "\n\n"
    for text in [wording.question, wording.chatQuestion ?? ""]
    where text.last?.isWhitespace == true {
      throw DescriptionError(
        "\(file): a question ends in a blank, which shifts the tokens of every answer; take it out")
    }
    self.wording = wording
    let forms = [AnswerRule.box, .hashes, .answerIs, .finalSentence, .answerLine, .answerTag]
    guard let form = AnswerRule(rawValue: try reader.string("form")), forms.contains(form) else {
      throw reader.refusal("form", "one of \(forms.map(\.rawValue).joined(separator: ", "))")
    }
    self.form = form
    stop = try reader.strings("stop")
    plainStop = try reader.strings("plain_stop")
    shots = try reader.value("shots").map { value throws(DescriptionError) in
      try Shots(value, place: "\(file): shots")
    }
    canonicalText = literal.serialized()
  }
}

extension TemplateDescription.Shots {
  fileprivate init(_ literal: JSONLiteral, place: String) throws(DescriptionError) {
    let reader = try DescriptionReader(
      literal, place: place, known: ["count", "drawn", "ids"] + DataFile.keys)
    file = try DataFile(reader)
    ids = try reader.strings("ids")
    isDrawn = try reader.optionalBool("drawn") ?? false
    guard let count = ids.isEmpty ? try reader.optionalCount("count") : ids.count, count > 0 else {
      throw reader.refusal("count", "the number of examples, at least 1")
    }
    self.count = count
  }
}

/// A file of others, which temper names and does not bring along.
public struct DataFile: Sendable, Equatable {
  /// Its place below the data folder: `gsm8k/test.jsonl`.
  public let path: String
  /// Of the file as it is expected.
  public let sha256: String
  /// Where it comes from, and what was done to it.
  public let source: String
  public let licence: String

  static let keys = ["file", "sha256", "source", "licence"]

  init(_ reader: DescriptionReader) throws(DescriptionError) {
    path = try reader.string("file")
    sha256 = try reader.string("sha256")
    guard sha256.count == 64, sha256.allSatisfy(\.isHexDigit) else {
      throw reader.refusal("sha256", "64 hexadecimal digits")
    }
    source = try reader.string("source")
    licence = try reader.string("licence")
  }
}
