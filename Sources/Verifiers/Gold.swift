import Foundation
import JSON
import Numerals

/// How an answer is compared with the gold answer of its row.
enum Comparison: String, CaseIterable { case string, number }

/// What is wrong with a task row; the sample's verdict is *failed*.
struct RowError: Error, CustomStringConvertible {
  let description: String
}

/// The gold answer of a row: its member `key`, a string or a number; of a worked solution in
/// GSM8K's form, what stands behind its last `####`.
func goldAnswer(of row: String, key: String) throws(RowError) -> String {
  let parsed: JSON
  do { parsed = try JSON(parsing: row, source: "row") } catch {
    throw RowError(description: error.description)
  }
  let value = parsed[key]
  let text: String
  switch value.kind {
  case .string: text = value.string!
  case .integer, .number: text = value.serialized
  case .null: throw RowError(description: "the row has no '\(key)'")
  default: throw RowError(description: "the row's '\(key)' is neither a string nor a number")
  }
  let gold = (text.components(separatedBy: "####").last ?? text).trimmed
  guard !gold.isEmpty else { throw RowError(description: "the row's '\(key)' is empty") }
  return gold
}

func goldNumber(of row: String, key: String) throws(RowError) -> (text: String, value: Numeral) {
  let gold = try goldAnswer(of: row, key: key)
  guard let value = Numeral(only: gold) else {
    throw RowError(description: "the gold answer '\(gold)' is not a number")
  }
  return (gold, value)
}
