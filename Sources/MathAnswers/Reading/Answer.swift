/// An answer as it was read: what kind of thing it is, and its parts.
indirect enum Answer: Sendable {
  case value(Quantity)
  /// Words, lower-cased and with single blanks.
  case words(String)
  /// Items without brackets around them, or in plain braces.
  case list([Answer], ListStyle)
  case tuple([Answer])
  case set([Answer])
  case interval(lower: Answer, upper: Answer, hasLower: Bool, hasUpper: Bool)
  case union([Answer])
  case intersection([Answer])
  case difference(Answer, Answer)
  case reals
  case numberSet(String)
  case relation(RelationChain)
  /// `a:b:c`, which may be a time of day.
  case ratio([Quantity], Clock?)
  case congruence(Answer, modulus: Expression)
  case ellipsis
}

struct ListStyle: Sendable {
  /// True if `or` parts the items.
  var isAlternative = false
  /// The number that the list is with a decimal comma: `2,74`.
  var decimalReading: Rational?
}

/// An expression with what stands around it.
struct Quantity: Sendable {
  var expression: Expression
  var isPercent = false
  /// In one spelling.
  var unit: String?
  /// The base of a numeral; the digits are then its value.
  var base: String?
  var digits = ""
  /// The letters, where it is nothing else: `odd` may be a word or a product.
  var letters: String?

  init(_ expression: Expression) { self.expression = expression }
}

/// `a < b = c`
struct RelationChain: Sendable {
  /// One more than `relations`.
  var members: [Answer]
  var relations: [Relation]
  /// True if the left side names what is asked for: a symbol, `f(x)`, a segment, words.
  var isAssignment = false
  /// The name, as it is written.
  var name = ""

  var last: Answer { members[members.count - 1] }
}

struct Clock: Sendable, Equatable {
  var hour: Int
  var minute: Int
  var second: Int?
  /// `am`, `pm` or `nil`.
  var half: String?
}

extension Answer {
  /// The items, where it is a list; else itself.
  var items: [Answer] {
    if case .list(let items, _) = self { return items }
    return [self]
  }

  var isRelation: Bool {
    if case .relation = self { return true }
    return false
  }

  var isWords: Bool {
    if case .words = self { return true }
    return false
  }

  /// True if it is a set of reals by its form, so that a pair beside it is an interval.
  var isRegion: Bool {
    switch self {
    case .interval, .union, .intersection, .difference, .reals: true
    default: false
    }
  }
}
