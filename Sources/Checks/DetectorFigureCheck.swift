import Foundation
import JSON
import Kernels
import Models
import Tensors

/// `a4_attention`: entropies of causal rows and their lower bounds, in double.
func compareAttention(_ json: JSON) throws -> WorstError {
  let scores = try json["scores"].requireArray().map { row in
    try row.requireArray().map { try $0.requireDouble() }
  }
  let rows = scores.enumerated().map { i, row in AttentionFigures.Row(scores: Array(row[...i])) }
  var worst = WorstError()
  func compare(_ key: String, _ found: [Double]) throws {
    let expected = try (json[key].array ?? [json[key]]).map { try $0.requireDouble() }
    guard expected.count == found.count else {
      throw CheckError("\(json[key].path) has \(expected.count) numbers, not \(found.count)")
    }
    for (index, pair) in zip(found, expected).enumerated() {
      worst.compare(
        pair.0, pair.1, Tolerance(absolute: 1e-9, relative: 1e-6), at: "\(key)[\(index)]")
    }
  }
  let later = rows.enumerated().dropFirst()
  try compare("row_entropy", rows.map(\.entropy))
  try compare(
    "normalised_mean",
    [later.reduce(0) { $0 + $1.1.entropy / log(Double($1.0 + 1)) } / Double(later.count)])
  try compare("lower_bound_rows_1_up_centred_norm", later.map(\.1.bound))
  return worst
}

/// `a6_model`: how far the logits of every position spread under an update of a golden model.
///
/// - Parameter models: the folder that has the models.
func compareLogitChange(_ json: JSON, models: URL) throws -> WorstError {
  let folder = models.appending(path: try json["model"].requireString())
  guard FileManager.default.fileExists(atPath: folder.path) else {
    throw SkippedCase("its model is not at \(folder.path)")
  }
  let golden = try JSON(contentsOf: folder.appending(path: "golden.json"))
  let name = json["case"].string ?? "main"
  let cases = try golden["cases"].requireArray().map(GoldenCase.init)
  guard let one = cases.first(where: { $0.name == name }) else {
    throw CheckError("\(json["case"].path) names no case of \(folder.path): '\(name)'")
  }
  let rule = try json["delta_theta"].requireString()
  let factors = rule.split(separator: "*").map { $0.trimmingCharacters(in: .whitespaces) }
  guard factors.count == 2, factors[1] == "golden_grads", let factor = Double(factors[0]) else {
    throw CheckError("\(json["delta_theta"].path) is '\(rule)', not of the form 'c * golden_grads'")
  }

  let files = try ModelFolder(folder)
  let model = try Transformer(files, trainable: true)
  let packed = one.pack
  model.setContext(length: one.longestPosition + 1)
  let gradients = try SafetensorsFile(folder.appending(path: "golden_grads.safetensors"))
  let previous = model.parameters.map { $0.value.copy() }
  var squares = (weights: 0.0, update: 0.0)
  for parameter in model.parameters {
    squares.weights += parameter.value.sumOfSquares
    guard gradients.names.contains(parameter.name) else { continue }
    let gradient = Storage<Float>(parameter.value.count)
    try gradients.read(
      parameter.name,
      into: UnsafeMutableBufferPointer(start: gradient.pointer, count: gradient.count))
    squares.update += factor * factor * gradient.sumOfSquares
    for index in 0..<gradient.count {
      parameter.value.pointer[index] += Float(factor) * gradient.pointer[index]
    }
  }
  let norms = (weights: squares.weights.squareRoot(), update: squares.update.squareRoot())
  let change = LogitChange(
    model, from: previous, norms: norms,
    of: [ChosenRows(Array(packed.places.indices), of: packed.pack)])

  var worst = WorstError()
  func compare(_ found: Double, _ expected: Double?, _ place: String) {
    guard let expected else { return }
    worst.compare(found, expected, Tolerance(absolute: 1e-9, relative: 1e-3), at: place)
  }
  let spreads = change.spreads
  for (spread, place) in zip(spreads, packed.places) where !one.ignored.contains(place) {
    compare(
      spread, json["spread_per_position"][place.row][place.column].double,
      "spread_per_position[\(place.row)][\(place.column)]")
  }
  let radius = (spreads.max() ?? 0) / .pi
  compare(norms.update, json["delta_norm"].double, "delta_norm")
  compare(radius, json["r"].double, "r")
  compare(norms.update / radius, json["rho_a"].double, "rho_a")
  return worst
}
