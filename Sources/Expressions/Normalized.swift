/// An answer in plain operators and parentheses: LaTeX's wrappers dropped, its and Unicode's
/// operators replaced, every kind of bracket a parenthesis.
///
/// - Throws: for a text that is too long to be an expression of ``Expression/maximumTokens`` parts.
public func normalized(_ answer: String) throws(ExpressionError) -> String {
  guard answer.utf8.count <= 4096 else { throw ExpressionError(reason: "the answer is too long") }
  var text = answer
  for (from, to) in [
    ("$", ""), (#"\("#, ""), (#"\)"#, ""), (#"\["#, ""), (#"\]"#, ""), (#"\left"#, ""),
    (#"\right"#, ""), (#"\times"#, "*"), ("×", "*"), (#"\cdot"#, "*"), ("·", "*"),
    (#"\div"#, "/"), ("÷", "/"), ("−", "-"), (#"\dfrac"#, #"\frac"#), (#"\tfrac"#, #"\frac"#),
  ] { text = text.replacing(from, with: to) }
  return String(fractionsWritten(Array(text)).map { brackets[$0] ?? $0 })
}

private let brackets: [Character: Character] = ["[": "(", "{": "(", "]": ")", "}": ")"]

/// `\frac{a}{b}` as `((a)/(b))`, from the inside out; a `\frac` without two groups stays.
private func fractionsWritten(_ symbols: [Character]) -> [Character] {
  var symbols = symbols
  let command = Array(#"\frac"#)
  var position = symbols.count - command.count
  while position >= 0 {
    defer { position -= 1 }
    guard Array(symbols[position..<position + command.count]) == command,
      let first = group(in: symbols, from: position + command.count),
      let second = group(in: symbols, from: first.upperBound)
    else { continue }
    symbols.replaceSubrange(second.upperBound - 1..<second.upperBound, with: "))")
    symbols[second.lowerBound] = "("
    symbols.replaceSubrange(first.upperBound - 1..<first.upperBound, with: ")/")
    symbols.replaceSubrange(position..<first.lowerBound + 1, with: "((")
  }
  return symbols
}

/// The next group in braces behind blanks, braces included.
private func group(in symbols: [Character], from start: Int) -> Range<Int>? {
  guard let open = symbols[start...].firstIndex(where: { !$0.isWhitespace }), symbols[open] == "{"
  else { return nil }
  var depth = 0
  for index in open..<symbols.count {
    if symbols[index] == "{" { depth += 1 }
    if symbols[index] == "}" { depth -= 1 }
    if depth == 0 { return open..<index + 1 }
  }
  return nil
}
