import Foundation

/// The equality of strings that came with the MATH data set (`is_equiv`): both sides rewritten to
/// one spelling, then compared letter by letter.
///
/// Hendrycks et al. 2021, "Measuring Mathematical Problem Solving With the MATH Dataset"
/// (arXiv:2103.03874), `math_equivalence.py`. It knows no mathematics: 0.5 is \frac{1}{2} because
/// it says so, and 0.25 is not \frac{1}{4}.
enum MATHText {
  static func areEquivalent(_ a: String, _ b: String) -> Bool { stripped(a) == stripped(b) }

  static func stripped(_ text: String) -> String {
    var text = text
    for (old, new) in [
      ("\n", ""), ("\\!", ""), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"),
      ("\\left", ""), ("\\right", ""), ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""),
    ] {
      text = text.replacing(old, with: new)
    }
    text = withoutUnits(text)
    for (old, new) in [("\\%", ""), ("%", ""), (" .", " 0."), ("{.", "{0.")] {
      text = text.replacing(old, with: new)
    }
    guard !text.isEmpty else { return text }
    if text.hasPrefix(".") { text = "0" + text }
    // A short name in front of an equals sign: k = 5.
    let sides = text.components(separatedBy: "=")
    if sides.count == 2, sides[0].count <= 2 { text = sides[1] }
    text = braced(roots: text).replacing(" ", with: "")
    text = braced(fractions: text)
    return slashed(text == "0.5" ? "\\frac{1}{2}" : text)
  }

  /// What stands before `\text{ `, which in MATH is a unit.
  private static func withoutUnits(_ text: String) -> String {
    let parts = text.components(separatedBy: "\\text{ ")
    return parts.count == 2 ? parts[0] : text
  }

  /// `\sqrt3` as `\sqrt{3}`.
  private static func braced(roots text: String) -> String {
    let parts = text.components(separatedBy: "\\sqrt")
    return parts.dropFirst().reduce(parts[0]) { result, part in
      guard let first = part.first, first != "{" else { return result + "\\sqrt" + part }
      return result + "\\sqrt{\(first)}" + part.dropFirst()
    }
  }

  /// `\frac1b` as `\frac{1}{b}`; a text that ends too early stays as it is.
  private static func braced(fractions text: String) -> String {
    let parts = text.components(separatedBy: "\\frac")
    var result = parts[0]
    for part in parts.dropFirst() {
      result += "\\frac"
      if part.first == "{" {
        result += part
        continue
      }
      guard part.count >= 2 else { return text }
      let (a, b) = (part.first!, part.dropFirst().first!)
      result += b == "{" ? "{\(a)}" : "{\(a)}{\(b)}"
      result += b == "{" ? part.dropFirst() : part.dropFirst(2)
    }
    return result
  }

  /// A quotient of two integers as a fraction.
  private static func slashed(_ text: String) -> String {
    let parts = text.components(separatedBy: "/")
    guard parts.count == 2, let a = Int(parts[0]), let b = Int(parts[1]),
      text == "\(a)/\(b)"
    else { return text }
    return "\\frac{\(a)}{\(b)}"
  }
}
