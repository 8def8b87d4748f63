import Detectors
import Foundation
import JSON
import Metrics
import Trajectories

// Cases of series and of columns.

extension DetectorUnderTest {
  /// Shows it an update whose tokens have this entropy.
  fileprivate func show(entropy: Double) throws {
    try look(.gradients) { seen in
      var batch = TokenBatch(tokens: 2)
      batch.entropies = Array(repeating: Float(entropy), count: batch.count)
      seen.tokens = batch
    }
  }
}

func compareTrend(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let values = try numbers(block["x"])
  let detector = try plugins("entropy", ["window": .int(max(16, values.count))])
  for value in values { try detector.show(entropy: value) }
  var worst = WorstError()
  worst.compare(detector["trend_s"], block["mk_S"].double, .exact, at: "mk_S")
  worst.compare(detector["trend_variance"], block["mk_var"].double, .wide, at: "mk_var")
  worst.compare(detector["trend_z"], block["mk_Z"].double, .wide, at: "mk_Z")
  worst.compare(detector["slope"], block["theil_sen"].double, .narrow, at: "theil_sen")
  return worst
}

func compareRobustZ(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let window = try numbers(block["window"])
  guard window.count >= 16 else {
    throw SkippedCase("a robust z of a window of \(window.count), and detectors ask for 16")
  }
  let detector = try plugins("entropy", ["window": .int(window.count)])
  for value in window + [try block["value"].requireDouble()] { try detector.show(entropy: value) }
  var worst = WorstError()
  worst.compare(detector["window_median"], block["median"].double, .narrow, at: "median")
  worst.compare(detector["window_mad"], block["mad"].double, .narrow, at: "mad")
  worst.compare(detector["robust_z"], block["z"].double, .narrow, at: "z")
  return worst
}

func compareMismatch(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let sampler = try numbers(block["rollout"])
  let trainer = try numbers(block["trainer"], count: sampler.count)
  let detector = try plugins("mismatch")
  try detector.look(.gradients) { seen in
    var batch = TokenBatch(tokens: sampler.count)
    batch.behaviourLogprobs = sampler.map { Float($0) }
    batch.oldLogprobs = trainer.map { Float($0) }
    batch.logprobs = batch.oldLogprobs
    seen.tokens = batch
  }
  var worst = WorstError()
  // Logarithms come as floats, whose error is that of their size and not of their difference.
  for (key, value) in block.object ?? [] {
    guard let value = value.double else { continue }
    worst.compare(detector[key], value, .narrow, at: key)
  }
  return worst
}

func compareAlignment(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let weights = try numbers(block["w"])
  let gradient = try numbers(block["g"], count: weights.count)
  func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  var tensor = TensorView(name: "w", shape: [weights.count])
  (tensor.weightNorm, tensor.gradientNorm) = (norm(weights), norm(gradient))
  tensor.alignment = zip(weights, gradient).reduce(0) { $0 - $1.0 * $1.1 }
  let detector = try plugins("softmax-collapse")
  try detector.look(.gradients) { $0.tensors = [tensor] }
  var worst = WorstError()
  worst.compare(
    detector["nlm_cosine"], block["cos_minus_g_w"].double, .wide, at: "cos_minus_g_w")
  return worst
}

/// A matrix before and after training.
func compareGeometry(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let shape = try numbers(block["shape"], count: 2).map { Int($0) }
  let count = shape.reduce(1, *)
  let detector = try plugins(
    "off-principal",
    ["k": .int(try block["k"].requireInt()), "alpha": .double(block["alpha"].double ?? 0.3)])
  for key in ["W0", "W1"] {
    try numbers(block[key], count: count).map { Float($0) }.asRow { weights in
      _ = try detector.look(.checkpoint) { seen in
        var tensor = TensorView(name: "layers.0.weight", shape: shape)
        tensor.weights = weights
        seen.tensors = [tensor]
      }
    }
  }
  var worst = WorstError()
  for (key, figure) in [
    ("sparsity", "sparsity"), ("nss", "nss"), ("bf16_changed", "bf16_changed"),
    ("overlap_principal", "overlap_principal"), ("overlap_low", "overlap_low"),
    ("off_principal_energy", "off_principal_energy"), ("stable_rank_dW", "stable_rank"),
  ] {
    worst.compare(detector[figure], block[key].double, .narrow, at: key)
  }
  for side in ["U", "V"] {
    let angles = block["angles_deg_\(side)"]
    guard !angles.isNull else { continue }
    let expected = try numbers(angles)
    let name = "angle_\(side.lowercased())"
    for (figure, value) in [
      ("max", expected.max()), ("min", expected.min()),
      ("mean", expected.reduce(0, +) / Double(expected.count)),
    ] {
      worst.compare(
        detector["\(name)_\(figure)"], value, .angle, at: "\(figure) of \(angles.path)")
    }
  }
  return worst
}

extension Tolerance {
  /// Degrees: the cosine of a small one hardly says what it is.
  fileprivate static let angle = Tolerance(absolute: 1e-4, relative: 1e-4)
}

/// Accuracies of suites; the first is the one that is learned.
func compareContinual(_ block: JSON, _ plugins: ShippedDetectors) throws -> WorstError {
  let accuracies = try rows(block["acc"])
  let members = block.object ?? []
  // windowed_forgetting_row1_delta4
  let windowed = members.compactMap { key, value -> (row: Int, window: Int, value: Double)? in
    let parts = key.split(separator: "_").map(String.init)
    guard key.hasPrefix("windowed_forgetting_row"), parts.count == 4,
      let row = Int(parts[2].dropFirst(3)), let window = Int(parts[3].dropFirst(5)),
      let value = value.double
    else { return nil }
    return (row, window, value)
  }
  let windows = Set(windowed.map(\.window)).sorted().map { JSONLiteral.int($0) }
  let detector = try plugins("forgetting", windows.isEmpty ? [:] : ["windows": .array(windows)])
  for evaluation in accuracies[0].indices {
    try detector.look(.evaluation) { seen in
      for (suite, values) in accuracies.enumerated() where evaluation < values.count {
        seen.metrics[MetricName(rawValue: "eval/suite\(suite)/accuracy")!] = values[evaluation]
      }
    }
  }
  func sides(_ figure: String) -> [Double] {
    accuracies.indices.dropFirst().map { detector["suite\($0)/\(figure)"] }
  }
  var worst = WorstError()
  try worst.compare(sides("min_accuracy"), block["min_acc"], .wide, at: "min_acc")
  try worst.compare(
    sides("forgetting"), block["forgetting_final"], .wide, at: "forgetting_final")
  worst.compare(
    detector["worst_case"], block["wc_acc_final"].double, .wide, at: "wc_acc_final")
  for (row, window, value) in windowed {
    worst.compare(
      detector["suite\(row)/windowed_forgetting_\(window)"], value, .wide,
      at: "windowed forgetting of row \(row) in \(window)")
  }
  return worst
}
