import MathAnswers
import TemperPlugin

/// What a task's row says of its answer.
struct TaskRow {
  /// Any of them is right.
  let golds: [String]
  let tolerance: String?

  /// - Throws: where the row has no gold answer that is text or a number.
  init(_ sample: Sample, _ configuration: Math.Configuration) throws {
    guard let row = try? sample.row(as: [String: Member].self) else {
      throw PluginError.invalidInput("the task row is not a JSON object")
    }
    let key = configuration.gold
    guard let member = row[key], !member.texts.isEmpty else {
      throw PluginError.invalidInput(
        row[key] == nil
          ? "the row has no '\(key)'" : "the row's '\(key)' is neither text, a number, nor a list")
    }
    golds = member.texts.map(Self.answer)
    tolerance = row[configuration.tolerance]?.texts.first
  }

  /// The answer in a gold text: of a worked solution what stands behind `####` or in its last box.
  private static func answer(of text: String) -> String {
    let finder = AnswerFinder(sources: [.boxed, .hash], skipsThinking: false)
    return finder.answer(in: text) ?? text
  }

  /// A member of the row as text; a list as several.
  private struct Member: Decodable {
    var texts: [String] = []

    init(from decoder: any Decoder) throws {
      if var list = try? decoder.unkeyedContainer() {
        while !list.isAtEnd { texts += try list.decode(Member.self).texts }
        return
      }
      guard let value = try? decoder.singleValueContainer() else { return }
      if let text = try? value.decode(String.self) {
        texts = [text]
      } else if let integer = try? value.decode(Int.self) {
        texts = [String(integer)]
      } else if let number = try? value.decode(Double.self) {
        texts = [String(number)]
      }
    }
  }
}
