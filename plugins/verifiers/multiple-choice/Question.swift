import TemperPlugin

/// The choices of a row and its gold answer.
struct Question {
  let labels: [String]
  /// `[labels]`, compared without case and white space; empty where the row does not say.
  let texts: [String]
  let gold: String

  /// - Throws: where the row's choices or its gold answer cannot be read.
  init(_ sample: Sample, _ configuration: MultipleChoice.Configuration) throws {
    guard let row = try? sample.row(as: [String: Member].self) else {
      throw PluginError.invalidInput("the task row is not a JSON object")
    }
    let standard = configuration.labels.map(String.init)
    switch row[configuration.choices] {
    case nil, .null: (labels, texts) = (standard, [])
    case .list(let texts) where texts.count <= standard.count && texts.count > 1:
      labels = Array(standard.prefix(texts.count))
      self.texts = texts.map(plain)
    case .object(let object):
      guard let (labels, texts) = Self.labelled(object) else { fallthrough }
      (self.labels, self.texts) = (labels, texts.map(plain))
    default:
      throw PluginError.invalidInput(
        "the row's '\(configuration.choices)' is not a list of 2 to \(standard.count) texts, "
          + "nor texts with their labels")
    }
    guard let answer = row[configuration.gold] else {
      throw PluginError.invalidInput("the row has no '\(configuration.gold)'")
    }
    switch answer {
    case .number(let index) where labels.indices.contains(index - configuration.firstIndex):
      gold = labels[index - configuration.firstIndex]
    case .text(let text):
      let bare = text.filter { !"(). ".contains($0) }.uppercased()
      let index = labels.firstIndex(of: bare) ?? texts.firstIndex(of: plain(text))
      let number = Int(bare).map { $0 - configuration.firstIndex } ?? -1
      guard let index = index ?? labels.indices.first(where: { $0 == number }) else { fallthrough }
      gold = labels[index]
    default:
      throw PluginError.invalidInput(
        "the row's '\(configuration.gold)' is none of \(labels.joined(separator: ", "))")
    }
  }

  /// `{"label": ["A", ...], "text": [...]}`, or `{"A": ..., ...}`.
  private static func labelled(_ object: [String: Member]) -> (labels: [String], texts: [String])? {
    if case .list(let labels)? = object["label"], case .list(let texts)? = object["text"],
      labels.count == texts.count, labels.count > 1
    {
      return (labels.map { $0.uppercased() }, texts)
    }
    let pairs = object.sorted { $0.key < $1.key }.compactMap { label, member in
      if case .text(let text) = member { (label.uppercased(), text) } else { nil }
    }
    guard pairs.count == object.count, pairs.count > 1 else { return nil }
    return (pairs.map(\.0), pairs.map(\.1))
  }

  private enum Member: Decodable {
    case null, number(Int), text(String), list([String]), object([String: Member]), other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let number = try? value.decode(Int.self) {
        self = .number(number)
      } else if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let list = try? value.decode([String].self) {
        self = .list(list)
      } else if let object = try? value.decode([String: Member].self) {
        self = .object(object)
      } else {
        self = .other
      }
    }
  }
}

/// A text for comparison: lower case, single blanks, no full stop at the end.
func plain(_ text: String) -> String {
  let words = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  return words.last == "." ? String(words.dropLast()) : words
}
