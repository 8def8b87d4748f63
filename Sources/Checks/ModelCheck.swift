import Foundation
import JSON
import Kernels
import Models
import Tensors

/// `temper check models`: forward, loss, gradients and greedy decoding of model folders against
/// the `golden.json` in each.
///
/// - Parameter path: a model folder with `golden.json`, or a folder of such.
/// - Throws: ``CheckError`` where `path` is of neither form.
public func checkModels(path: URL) throws -> CheckReport {
  var report = CheckReport(what: "models")
  for folder in try modelFolders(path) {
    let golden = try JSON(contentsOf: folder.appending(path: "golden.json"))
    let name = folder.lastPathComponent
    guard !golden["cases"].isNull else {
      throw CheckError("\(folder.path)/golden.json has no 'cases'")
    }
    let adapter = folder.appending(path: "adapter_config.json")
    if FileManager.default.fileExists(atPath: adapter.path) {
      for one in try golden["cases"].requireArray() {
        report.skip("\(name)/\(one["name"].string ?? "?")", why: "there are no adapters yet")
      }
      report.skip("\(name)/gradients", why: "there are no adapters yet")
      continue
    }
    var check = try ModelCheck(folder: folder, golden: golden)
    try check.run(&report)
  }
  return report
}

private func modelFolders(_ path: URL) throws -> [URL] {
  func hasGolden(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.appending(path: "golden.json").path)
  }
  if hasGolden(path) { return [path] }
  let names = (try? FileManager.default.contentsOfDirectory(atPath: path.path)) ?? []
  let folders = names.sorted().map { path.appending(path: $0) }.filter(hasGolden)
  guard !folders.isEmpty else {
    throw CheckError("\(path.path) holds no golden.json, and no folder in it does")
  }
  return folders
}

/// The comparisons of one model folder.
private struct ModelCheck {
  let name: String
  let folder: URL
  let golden: JSON
  let model: Transformer
  let logitTolerance: Double
  let lossTolerance: Double
  let gradientTolerance: Double

  init(folder: URL, golden: JSON) throws {
    self.folder = folder
    self.golden = golden
    name = folder.lastPathComponent
    let files = try ModelFolder(folder)
    model = try Transformer(files, trainable: true)
    logitTolerance = golden["tolerance"]["logits_abs"].double ?? 2e-4
    lossTolerance = golden["tolerance"]["loss_abs"].double ?? 2e-5
    gradientTolerance = golden["tolerance"]["grad_rel_l2"].double ?? 1e-4
  }

  mutating func run(_ report: inout CheckReport) throws {
    let cases = try golden["cases"].requireArray().map(GoldenCase.init)
    for one in cases { try compare(one, &report) }
    let gradientFile = folder.appending(path: "golden_grads.safetensors")
    if FileManager.default.fileExists(atPath: gradientFile.path) {
      let of = golden["grads_of"].string ?? "main"
      guard let one = cases.first(where: { $0.name == of }) else {
        throw CheckError("\(golden["grads_of"].path) names no case: '\(of)'")
      }
      try compareGradients(one, SafetensorsFile(gradientFile), &report)
    }
    if !golden["greedy"].isNull { try compareGreedy(golden["greedy"], &report) }
  }

  // MARK: Forward

  private func compare(_ one: GoldenCase, _ report: inout CheckReport) throws {
    let pack = one.pack
    model.setContext(length: one.longestPosition + 1)
    let vocabulary = model.configuration.vocabularySize
    var worst = WorstError()
    let logits = model.logits(pack.pack)
    if let expected = one.logits {
      for (row, place) in pack.places.enumerated() where !one.ignored.contains(place) {
        let base = (place.row * one.columns + place.column) * vocabulary
        for id in 0..<vocabulary {
          worst.compare(
            Double(logits.pointer[row * vocabulary + id]), expected[base + id],
            .absolute(logitTolerance), at: "logit [\(place.row), \(place.column), \(id)]")
        }
      }
    }
    try compareScores(one, pack, temperature: 1, logits, &worst)
    if let temperature = one.json["temperature"].double {
      try compareScores(one, pack, temperature: Float(temperature), logits, &worst)
    }
    report.count("\(name)/\(one.name)", worst)
  }

  /// Loss, log-sum-exp, entropy and log-probability of the next label at one temperature.
  private func compareScores(
    _ one: GoldenCase, _ packed: GoldenCase.Packed, temperature: Float, _ logits: Storage<Float>,
    _ worst: inout WorstError
  ) throws {
    var pack = packed.pack
    for row in packed.places.indices { pack.score(row: row, target: packed.targets[row] ?? 0) }
    let scores = try model.score(pack, temperature: temperature)
    let suffix = temperature == 1 ? "" : "_at_temperature"
    let logprobs = one.json["next_label_logprob" + suffix].doubles
    let entropies = one.json["entropy_nats" + suffix].doubles
    let sums = temperature == 1 ? one.json["logsumexp"].doubles : nil
    let vocabulary = model.configuration.vocabularySize
    var loss = 0.0
    for (row, place) in packed.places.enumerated() {
      let index = place.row * one.columns + place.column
      let hasTarget = packed.targets[row] != nil
      if hasTarget { loss -= Double(scores.logprobs[row]) }
      if one.ignored.contains(place) { continue }
      if let logprobs, hasTarget {
        worst.compare(
          Double(scores.logprobs[row]), logprobs[index], .absolute(logitTolerance),
          at: "next_label_logprob\(suffix) at [\(place.row), \(place.column)]")
      }
      if let entropies {
        worst.compare(
          Double(scores.entropies[row]), entropies[index], .absolute(logitTolerance),
          at: "entropy_nats\(suffix) at [\(place.row), \(place.column)]")
      }
      if let sums {
        let row = UnsafeBufferPointer(start: logits.pointer + row * vocabulary, count: vocabulary)
        worst.compare(
          logSumExp(row), sums[index], .absolute(logitTolerance),
          at: "logsumexp at [\(place.row), \(place.column)]")
      }
    }
    let count = packed.targets.count { $0 != nil }
    if temperature == 1, let expected = one.json["loss"].double, count > 0 {
      worst.compare(loss / Double(count), expected, .absolute(lossTolerance), at: "loss")
    }
  }

  // MARK: Gradients

  private func compareGradients(
    _ one: GoldenCase, _ expected: SafetensorsFile, _ report: inout CheckReport
  ) throws {
    let packed = one.pack
    var pack = packed.pack
    for (row, target) in packed.targets.enumerated() {
      if let target { pack.score(row: row, target: target) }
    }
    model.setContext(length: one.longestPosition + 1)
    model.zeroGradients()
    let count = pack.targets.count
    try model.accumulateGradients(
      pack, dLogprob: Array(repeating: -1 / Float(count), count: count),
      dEntropy: Array(repeating: 0, count: count))
    var worst = WorstError()
    var errors: [(tensor: String, error: Double, norm: Double)] = []
    for tensor in expected.names.sorted() {
      guard let parameter = model.parameter(tensor) else {
        worst.fail("\(tensor) is no parameter of the model")
        continue
      }
      let values = Storage<Float>(parameter.gradient.count)
      try expected.read(
        tensor, into: UnsafeMutableBufferPointer(start: values.pointer, count: values.count))
      var error = 0.0
      for index in 0..<values.count {
        let difference = Double(parameter.gradient.pointer[index]) - Double(values.pointer[index])
        error += difference * difference
      }
      errors.append((tensor, error.squareRoot(), values.sumOfSquares.squareRoot()))
    }
    // What should be 0, as the key's bias of an unrotated layer, is rounding: a tensor counts for
    // a thousandth of the whole gradient at least.
    let whole = errors.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
    for (tensor, error, norm) in errors {
      let scale = max(norm, 1e-3 * whole, .leastNormalMagnitude)
      worst.compare(
        error / scale, 0, .absolute(gradientTolerance),
        at: "the relative error of the gradient of \(tensor)")
    }
    report.count("\(name)/gradients", worst)
  }

  // MARK: Greedy decoding

  private func compareGreedy(_ greedy: JSON, _ report: inout CheckReport) throws {
    guard let prompt = greedy["prompt"].ints, let expected = greedy["new_tokens"].ints else {
      throw CheckError("\(greedy.path) needs 'prompt' and 'new_tokens' as lists of ids")
    }
    model.setContext(length: prompt.count + expected.count)
    var decoder = GreedyDecoder(model, capacity: prompt.count + expected.count)
    let found = decoder.continue(prompt.map(Int32.init), by: expected.count)
    report.count("\(name)/greedy", found.map(Int.init), expected)
  }
}

/// `ln sum exp`, in double.
func logSumExp(_ row: UnsafeBufferPointer<Float>) -> Double {
  let top = Double(row.max() ?? 0)
  return top + log(row.reduce(0) { $0 + exp(Double($1) - top) })
}
