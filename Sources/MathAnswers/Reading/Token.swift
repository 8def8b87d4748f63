/// A piece of an answer.
struct Token: Sendable {
  enum Kind: Equatable, Sendable {
    case number(Rational, isDecimal: Bool)
    /// A single letter or the name of a Greek one, with the word that it may be the start of.
    case letter(String)
    /// A word inside `\text`, or one that stands for itself anywhere.
    case word(String)
    case function(Function)
    case constant(Constant)
    case plus, minus, times, slash, plusMinus, minusPlus, caret, underscore, bang, prime
    case percent, degree, colon, comma, semicolon, and, or, ampersand, row
    case relation(Relation)
    /// What follows the last one is the answer.
    case arrow
    case union, intersection, without
    case open(Bracket), close(Bracket)
    case bar
    case fraction, squareRoot, binomial, over, choose
    case emptySet, reals, numberSet(String)
    case begin(String), end(String)
    case ellipsis
    case currency(String)
    case modulus
    case series(Series)
    /// A mark over a letter, which becomes a part of its name.
    case accent(String)
    /// Text that is deleted together with its argument.
    case phantom
    case transposed
    case infinity
    case integer(UInt8)
  }

  var kind: Kind
  /// Where it stands in the normalised text.
  var start: Int
  var end: Int
  /// True if a blank stands in front.
  var isSpaced = false
  /// At the first letter of a run of letters: how many tokens the run has; 0 elsewhere.
  var run = 0
  /// True inside `\text{...}` and its relatives.
  var isText = false
}

enum Relation: UInt8, Sendable {
  case equal, notEqual, less, greater, lessOrEqual, greaterOrEqual, approximately, congruent
  case element, proportional

  var flipped: Relation {
    switch self {
    case .less: .greater
    case .greater: .less
    case .lessOrEqual: .greaterOrEqual
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }

  var isOrder: Bool {
    switch self {
    case .less, .greater, .lessOrEqual, .greaterOrEqual: true
    default: false
    }
  }
}

enum Bracket: UInt8, Sendable {
  /// `(`, `[`, `{` for grouping, `\{` of sets, `\langle`, `\lfloor`, `\lceil`.
  case round, square, group, set, angle, floor, ceiling

  /// Round and square brackets close each other, as in half-open intervals.
  var isInterval: Bool { self == .round || self == .square }
}
