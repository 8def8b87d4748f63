import JSON

/// What the model wrote in a turn, and what it was shown then.
public struct ConversationTurn: Sendable, Equatable {
  public var text: String
  /// The text of the end token behind it; `nil` where there is none.
  public var endToken: String?
  public var answer: [JSONLiteral]

  public init(_ text: String, endToken: String?, answer: [JSONLiteral]) {
    (self.text, self.endToken, self.answer) = (text, endToken, answer)
  }
}

extension ConversationFormat {
  /// A conversation as an episode records it: each stretch behind the other, none rendered again.
  public func recorded(
    _ opening: [JSONLiteral], _ turns: [ConversationTurn]
  ) throws -> [ConversationPiece] {
    var pieces = [ConversationPiece.shown(try self.opening(opening))]
    for turn in turns {
      pieces.append(.written(turn.text, endToken: turn.endToken))
      pieces.append(
        .shown(
          try segment(
            behind: turn.text, endToken: turn.endToken, after: opening, answer: turn.answer
          ).text))
    }
    return pieces
  }

  /// The same conversation rendered whole. Where it is another text than ``recorded(_:_:)``, the
  /// template does not keep what it has written, as one that drops the reasoning of earlier turns.
  public func whole(_ opening: [JSONLiteral], _ turns: [ConversationTurn]) throws -> String {
    guard let render else { return try recorded(opening, turns).map(\.text).joined() }
    var messages = roles.fitted(opening)
    for turn in turns {
      messages.append(Self.message("assistant", turn.text))
      messages += roles.fitted(turn.answer)
    }
    return try render(messages, tools, true)
  }
}

/// A stretch of a recorded conversation.
public enum ConversationPiece: Sendable, Equatable {
  case shown(String)
  /// By the model.
  case written(String, endToken: String?)

  public var text: String {
    switch self {
    case .shown(let text): text
    case .written(let text, let endToken): text + (endToken ?? "")
    }
  }
}
