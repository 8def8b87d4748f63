/// Two answers as text, to be read in the same mode.
struct AnswerPair {
  let gold: AnswerText
  let prediction: AnswerText

  init(gold: String, prediction: String, _ work: Work) throws(Stop) {
    guard prediction.utf8.count <= AnswerComparer.longestAnswer else {
      throw .unreadable("the answer is longer than \(AnswerComparer.longestAnswer) bytes")
    }
    self.gold = try AnswerText(gold.utf8, work)
    self.prediction = try AnswerText(prediction.utf8, work)
  }

  func areEqual(seed: UInt64, tolerance: String?, _ work: Work) throws(Stop) -> Bool {
    if gold.collapsed == prediction.collapsed { return try hasValue(work) }
    if let choice = Choice(gold: gold.bytes) { return choice.isChosen(by: prediction.bytes) }
    let goldTokens = try Lexer.tokens(of: gold, work)
    let tokens = try Lexer.tokens(of: prediction, work)
    // i is a name where it stands beside j and k.
    let isVector = [goldTokens, tokens].contains { tokens in
      ["j", "k"].allSatisfy { name in tokens.contains { $0.kind == .letter(name) } }
    }
    let a = try AnswerReader.read(
      gold, goldTokens, isLenient: true, hasImaginaryUnit: !isVector, work)
    let b = try AnswerReader.read(
      prediction, tokens, isLenient: false, hasImaginaryUnit: !isVector, work)
    // Words on one side may have been read as a product of letters on the other.
    if a.isWords || b.isWords, Words.normalized(gold.bytes) == Words.normalized(prediction.bytes) {
      return true
    }
    var equality = ExpressionEquality(work: work, seed: seed)
    if let tolerance, let number = Self.number(tolerance, work) { equality.tolerance = number }
    return try AnswerEquality(work: work, expressions: equality)
      .areEqual(a.expandingSigns, b.expandingSigns)
  }

  private static func number(_ text: String, _ work: Work) -> Rational? {
    guard let text = try? AnswerText(text.utf8, work),
      let tokens = try? Lexer.tokens(of: text, work), tokens.count == 1,
      case .number(let value, _) = tokens[0].kind
    else { return nil }
    return value
  }

  /// False of equal texts that say something undefined, such as a division by zero.
  private func hasValue(_ work: Work) throws(Stop) -> Bool {
    guard gold.bytes.contains(UInt8(ascii: "0")),
      gold.bytes.contains(UInt8(ascii: "/")) || gold.bytes.contains("frac")
        || gold.bytes.contains("^"),
      let tokens = try? Lexer.tokens(of: gold, work),
      let answer = try? AnswerReader.read(
        gold, tokens, isLenient: true, hasImaginaryUnit: true, work),
      case .value(let quantity) = answer
    else { return true }
    do throws(Stop) {
      _ = try CanonicalForm(work).form(of: quantity.expression)
    } catch .undefined {
      return false
    } catch {}
    return true
  }

  /// True if the gold answer alone can be read within the budget.
  var isGoldReadable: Bool {
    let work = Work()
    do throws(Stop) {
      let answer = try AnswerReader.read(
        gold, Lexer.tokens(of: gold, work), isLenient: true, hasImaginaryUnit: true, work)
      if case .value(let quantity) = answer, !quantity.expression.hasMatrix {
        _ = try CanonicalForm(work).form(of: quantity.expression)
      }
      return true
    } catch .tooLarge, .undecided, .undefined {
      return true
    } catch {
      return false
    }
  }
}

extension Answer {
  /// Every `±` as its two values.
  var expandingSigns: Answer {
    switch self {
    case .value(let quantity):
      guard quantity.expression.hasPlusMinus else { return self }
      var (positive, negative) = (quantity, quantity)
      positive.expression = quantity.expression.choosingSign(false)
      negative.expression = quantity.expression.choosingSign(true)
      return .list([.value(positive), .value(negative)], ListStyle())
    case .list(let items, let style): return .list(items.flatMap(\.expandedItems), style)
    case .set(let items): return .set(items.flatMap(\.expandedItems))
    case .tuple(let items): return .tuple(items.map(\.expandingSigns))
    case .relation(var chain):
      chain.members = chain.members.map(\.expandingSigns)
      return .relation(chain)
    default: return self
    }
  }

  private var expandedItems: [Answer] {
    guard case .value = self, case .list(let items, _) = expandingSigns else {
      return [expandingSigns]
    }
    return items
  }
}

/// A gold answer that is one of the letters A to H.
struct Choice {
  private let letter: UInt8

  /// - Returns: `nil` where the answer is anything else.
  init?(gold: [UInt8]) {
    let words = Array(Words.normalized(gold).utf8)
    guard words.count == 1, Self.isChoice(words[0]),
      gold.filter(\.isLetter).last.map({ $0 & 0x20 == 0 }) == true
    else { return nil }
    letter = words[0]
  }

  private static func isChoice(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x68 }

  /// True of the letter alone, in any wrapper, or with its value behind it.
  func isChosen(by prediction: [UInt8]) -> Bool {
    let words = Array(Words.normalized(prediction).utf8)
    let inner = words.drop { "( ".utf8.contains($0) }
    let isWrapped = inner.startIndex > 0
    guard inner.first == letter else { return false }
    var rest = inner.dropFirst()
    if rest.allSatisfy({ ") .".utf8.contains($0) }) { return true }
    guard let mark = rest.popFirst(), ").: ".utf8.contains(mark) else { return false }
    // Another letter by itself would be another choice.
    for index in rest.indices where Self.isChoice(rest[index]) {
      let isAlone =
        !(index > rest.startIndex && rest[index - 1].isLetter)
        && !(index + 1 < rest.endIndex && rest[index + 1].isLetter)
      if isAlone { return false }
    }
    return mark != UInt8(ascii: " ") || rest.first?.isDigit == true || isWrapped
  }
}
