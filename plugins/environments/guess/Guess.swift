import TemperPlugin

/// A hidden number, found by questions that are answered with higher or lower.
struct Guess: Environment {
  struct Configuration: PluginConfiguration {
    /// The hidden number lies from 1 to this.
    var largest = 32
    /// Guesses; as many as halving needs unless set.
    var turns: Int?
    /// Say nothing but the range: for models that know the game.
    var terse = false
  }

  struct Episode: Sendable {
    let hidden: Int
    /// Where the answers so far leave it.
    var open: ClosedRange<Int>
  }

  static let id = "temper.guess"
  static let version = "1.0.0"
  static let summary = "A hidden number to be found by guesses answered with higher or lower."

  let configuration: Configuration
  let turns: Int

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("largest", Double(configuration.largest), atLeast: 2, atMost: 1e9)
    if let turns = configuration.turns {
      try configuration.require("turns", Double(turns), atLeast: 1, atMost: 1000)
    }
    self.configuration = configuration
    turns = configuration.turns ?? Int.bitWidth - configuration.largest.leadingZeroBitCount
  }

  var world: World { World(turns: turns) }

  func begin(_ task: EpisodeTask) -> Episode {
    var random = task.random()
    let range = 1...configuration.largest
    return Episode(hidden: random.number(in: range), open: range)
  }

  func opening(of episode: Episode) -> [Message] {
    if configuration.terse { return [.user("1-\(configuration.largest)")] }
    return [
      .user(
        """
        I have a whole number from 1 to \(configuration.largest) in mind. Find it: write one \
        number, and I say whether mine is higher or lower. You have \(turns) guesses.
        """)
    ]
  }

  func step(_ turn: ModelTurn, _ episode: inout Episode) -> Transition {
    guard let guess = lastNumber(in: turn.text) else {
      return .goesOn(.user("Write a number."), isVoid: true)
    }
    if guess == episode.hidden { return .succeeded(.user("correct")) }
    let open = episode.open
    if guess < episode.hidden {
      episode.open = max(open.lowerBound, guess + 1)...open.upperBound
      return .goesOn(.user("higher"))
    }
    episode.open = open.lowerBound...min(open.upperBound, guess - 1)
    return .goesOn(.user("lower"))
  }

  /// Halves what is open.
  func expert(_ episode: Episode) -> String? {
    String((episode.open.lowerBound + episode.open.upperBound) / 2)
  }
}

/// The last whole number of a text, a sign in front of it included.
private func lastNumber(in text: String) -> Int? {
  let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  guard let end = text.utf8.lastIndex(where: isDigit) else { return nil }
  let head = text.utf8[...end]
  let start = head.lastIndex { !isDigit($0) }.map { text.utf8.index(after: $0) } ?? head.startIndex
  let isNegative = start > text.utf8.startIndex && text.utf8[text.utf8.index(before: start)] == 45
  return Int((isNegative ? "-" : "") + String(decoding: head[start...], as: UTF8.self))
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Guess.self) }
