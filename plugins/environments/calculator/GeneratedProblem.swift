import MathAnswers
import TemperPlugin

/// A problem out of a task's random numbers.
struct GeneratedProblem {
  let expression: String
  let value: ExactNumber

  init(_ settings: Calculator.Configuration, _ random: SeededRandom) {
    var random = random
    // Only a division by zero, which a difference in parentheses may be, asks for another try.
    while true {
      let expression = Self.expression(settings, &random)
      guard let value = try? Expression.value(of: expression) else { continue }
      (self.expression, self.value) = (expression, value)
      return
    }
  }

  private static func expression(
    _ settings: Calculator.Configuration, _ random: inout SeededRandom
  ) -> String {
    let smallest = settings.digits == 1 ? 1 : power(10, settings.digits - 1)
    let range = smallest...power(10, settings.digits) - 1
    let hasParentheses =
      settings.parentheses && settings.terms > 2 && random.number(in: 0...1) == 1
    let first = hasParentheses ? random.number(in: 0...settings.terms - 2) : -1
    return (0..<settings.terms).reduce(into: "") { text, index in
      if index > 0 { text.append(random.element(of: settings.operations)) }
      if index == first { text += "(" }
      text += String(random.number(in: range))
      if hasParentheses, index == first + 1 { text += ")" }
    }
  }

  private static func power(_ base: Int, _ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }
}
