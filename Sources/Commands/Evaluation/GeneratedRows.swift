import EmbeddedTask
import Evaluation
import JSON

/// The rows of a suite that needs no file.
enum GeneratedRows {
  /// The generators, and the settings that each has besides `count`, `split` and `seed`.
  static let settings: [String: [String]] = [
    "arithmetic": ["numbers", "largest"], "modular": ["trained", "modulus", "corrupted"],
    "word-problems": [], "countdown": ["smallest_count", "largest_count"],
  ]

  /// - Parameters:
  ///   - suite: for errors.
  ///   - settings: of the description file.
  static func rows(
    of name: String, _ settings: JSONLiteral, suite: String
  ) throws -> [JSONLiteral] {
    let place = "evals/\(suite)/suite.yaml: generator"
    guard let own = Self.settings[name], case .object(let members) = settings else {
      let known = Self.settings.keys.sorted().joined(separator: ", ")
      throw DescriptionError("\(place): there is no generator '\(name)'; there are \(known)")
    }
    let known = ["count", "split", "seed"] + own
    if let stranger = members.first(where: { !known.contains($0.key) }) {
      throw DescriptionError(
        "\(place): unknown key '\(stranger.key)'; the keys are \(known.joined(separator: ", "))")
    }
    func number(_ key: String, _ standard: Int? = nil) throws(DescriptionError) -> Int {
      guard let value = settings[key] else {
        guard let standard else { throw DescriptionError("\(place): '\(key)' is missing") }
        return standard
      }
      guard case .int(let number) = value, number >= 0 else {
        throw DescriptionError("\(place): '\(key)' must be a number; it is \(value.serialized())")
      }
      return number
    }
    let count = try number("count")
    let seed = UInt64(try number("seed", 0))
    var split = ArithmeticTask.Split.test
    if case .string(let text)? = settings["split"] {
      guard let named = ArithmeticTask.Split(rawValue: text) else {
        throw DescriptionError("\(place): 'split' is '\(text)'; it must be train or test")
      }
      split = named
    }
    do {
      switch name {
      case "arithmetic":
        return try ArithmeticTask(
          numbers: number("numbers", 4), largest: number("largest", 9), seed: seed
        ).rows(count, split: split)
      case "modular":
        let share: Double =
          switch settings["corrupted"] {
          case .double(let share)?: share
          case .int(let share)?: Double(share)
          default: 0
          }
        let sums = try ModularAddition(
          modulus: number("modulus", 97), corrupted: share, seed: seed)
        return try sums.rows(count, split: .test) + sums.rows(number("trained", 0), split: .train)
      case "word-problems": return try WordProblems(seed: seed).rows(count, split: split)
      default:
        let (smallest, largest) = (try number("smallest_count", 3), try number("largest_count", 4))
        guard smallest <= largest else {
          throw DescriptionError("\(place): 'smallest_count' is above 'largest_count'")
        }
        return try CountdownTask(counts: smallest...largest, seed: seed).rows(count, split: split)
      }
    } catch let error as EmbeddedTaskError {
      throw DescriptionError("\(place): \(error)")
    }
  }
}
