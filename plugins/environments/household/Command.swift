import Completions

/// What somebody in a house can do.
enum Command: Equatable {
  case look, inventory
  case go(String), open(String), close(String), take(String)
  case put(String, String)
  case treat(Treatment, String)

  static let list = """
    go to ROOM, open PLACE, close PLACE, take OBJECT, put OBJECT on PLACE, heat OBJECT, cool OBJECT, \
    clean OBJECT, look, inventory
    """

  /// The command in the last line of a turn that is not empty, behind the thinking.
  init?(turn: String) {
    let text = CompletionText(turn).afterThinking.text
    guard
      let line = text.split(whereSeparator: \.isNewline).last(where: {
        $0.contains(where: \.isLetter)
      })
    else { return nil }
    let words = line.lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init)
      .filter { !["the", "a", "an"].contains($0) }
    switch words.count {
    case 1 where words[0] == "look": self = .look
    case 1 where words[0] == "inventory": self = .inventory
    case 2:
      switch words[0] {
      case "go": self = .go(words[1])
      case "open": self = .open(words[1])
      case "close": self = .close(words[1])
      case "take": self = .take(words[1])
      default:
        guard let treatment = Treatment(rawValue: words[0]) else { return nil }
        self = .treat(treatment, words[1])
      }
    case 3 where words[0] == "go" && words[1] == "to": self = .go(words[2])
    case 4 where words[0] == "take" && words[2] == "from": self = .take(words[1])
    case 4 where words[0] == "put" && ["in", "on", "into"].contains(words[2]):
      self = .put(words[1], words[3])
    case 4 where words[2] == "with":
      guard let treatment = Treatment(rawValue: words[0]) else { return nil }
      self = .treat(treatment, words[1])
    default: return nil
    }
  }
}
