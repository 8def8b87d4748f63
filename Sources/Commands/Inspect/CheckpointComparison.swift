import Checkpoints
import Foundation
import JSON
import Metrics
import Models
import Pages
import WeightChanges

/// Two checkpoints of one model beside each other: what changed in their weights, and how much each
/// layer adds to the residual stream.
struct CheckpointComparison {
  let before, after: URL
  let weights: WeightComparison
  /// `[layers]` of the first and of the second model.
  let depth: (before: [DepthContribution], after: [DepthContribution])

  /// - Parameters:
  ///   - paths: model folders, checkpoints, or runs, whose last checkpoint is meant.
  ///   - prompts: texts over which depth contributions are means.
  init(_ first: String, _ second: String, prompts: [String], withSpectra: Bool) throws {
    (before, after) = (try Self.model(at: first), try Self.model(at: second))
    let progress = Metrics.Progress(
      "inspect", total: try ModelFolder(before).configuration.expectedTensors.count, unit: "tensors"
    )
    defer { progress.finish() }
    weights = try WeightComparison(
      before: ModelFolder(before), after: ModelFolder(after), withSpectra: withSpectra
    ) { done, _ in progress.advance(to: done) }
    depth = (try Self.depth(before, prompts), try Self.depth(after, prompts))
  }

  static let usualPrompts = [
    "The quick brown fox jumps over the lazy dog.", "12 + 7 * 3 = 33, so the answer is 33.",
    "def add(a, b):\n    return a + b\n", "Question: what is half of 90? Answer: 45.",
  ]

  /// The model's folder of what a user names.
  private static func model(at path: String) throws -> URL {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    let places = ["", "model", "latest/model", "checkpoints/latest/model"]
    let found = places.map { $0.isEmpty ? folder : folder.appending(path: $0) }.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "config.json").path)
    }
    guard let found else {
      throw ConfigurationError.file(
        path, reason: "there is no model in it; name a model's folder, a checkpoint or a run")
    }
    return found
  }

  private static func depth(_ folder: URL, _ prompts: [String]) throws -> [DepthContribution] {
    let model = try LoadedModel(folder.path)
    let ids = prompts.map { model.tokenizer.encode($0, addSpecialTokens: true) }
    guard ids.contains(where: { $0.count > 1 }) else {
      throw ConfigurationError.invalid(
        key: "--prompt", value: prompts.joined(separator: ", "),
        remedy: "and none has two tokens; give a longer text")
    }
    return model.transformer.depthContributions(ids)
  }

  // MARK: Tables

  private static let columns = [
    "relative norm", "unchanged", "same bf16", "spectral shift", "angle", "stable rank",
    "off-principal",
  ]

  private func cells(_ summary: ChangeSummary) -> [String] {
    [
      short(summary.relativeNorm), percent(summary.sparsity), percent(summary.sameInBFloat16),
      summary.normalisedShift.map(short) ?? "-", summary.angle.map { short($0) + "°" } ?? "-",
      summary.stableRank.map(short) ?? "-", summary.offPrincipalEnergy.map(percent) ?? "-",
    ]
  }

  private var layerRows: [[String]] {
    (0..<weights.layerCount).map { layer in
      let (old, new) = (depth.before[layer], depth.after[layer])
      return ["\(layer)"] + cells(ChangeSummary(weights.changes(ofLayer: layer)))
        + [
          "\(short(old.attention)) → \(short(new.attention))",
          "\(short(old.mlp)) → \(short(new.mlp))",
        ]
    }
      + outside.map {
        [WeightComparison.kind(of: $0.name)] + cells(ChangeSummary([$0])) + ["-", "-"]
      }
      + [["all"] + cells(ChangeSummary(weights.changes)) + ["-", "-"]]
  }

  private var layerHeader: [String] { ["layer"] + Self.columns + ["attention adds", "MLP adds"] }

  private var outside: [MatrixChange] {
    weights.changes.filter { WeightComparison.layer(of: $0.name) == nil }
  }

  private var matrixRows: [[String]] {
    weights.changes.map { change in
      [change.name] + cells(ChangeSummary([change])) + [short(change.largest)]
    }
  }

  /// - Parameter isDetailed: a line for every tensor beside those for layers.
  func table(isDetailed: Bool) -> String {
    let layers = WideTable([layerHeader] + layerRows).text
    guard isDetailed else { return layers + "\n\n" + Self.legend }
    let matrices = WideTable([["tensor"] + Self.columns + ["largest"]] + matrixRows).text
    return layers + "\n\n" + matrices + "\n\n" + Self.legend
  }

  private static let legend = """
    relative norm |W+ - W0|/|W0|; unchanged: entries within 1e-3 of themselves; same bf16: after \
    rounding; spectral shift |s(W+) - s(W0)|/|s(W0)| and angle between the leading tenth of the \
    singular vectors, the largest of the layer's matrices; stable rank and off-principal energy of \
    the update, their mean; attention adds |a|/|h|, MLP adds |m|/|h + a|, of the first and of the \
    second model
    """

  // MARK: JSON

  var json: JSONLiteral {
    [
      "before": .string(before.path), "after": .string(after.path),
      "layers": .array(
        (0..<weights.layerCount).map { layer in
          var literal = self.literal(ChangeSummary(weights.changes(ofLayer: layer)))
          literal["layer"] = .int(layer)
          literal["depth"] = [
            "before": Self.literal(depth.before[layer]), "after": Self.literal(depth.after[layer]),
          ]
          return literal
        }),
      "tensors": .array(weights.changes.map(Self.literal)),
      "all": literal(ChangeSummary(weights.changes)),
    ]
  }

  private func literal(_ summary: ChangeSummary) -> JSONLiteral {
    func number(_ value: Double?) -> JSONLiteral { value.map { .double($0) } ?? .null }
    return [
      "relative_norm": .double(summary.relativeNorm), "sparsity": .double(summary.sparsity),
      "same_bfloat16": .double(summary.sameInBFloat16),
      "spectral_shift": number(summary.normalisedShift), "angle": number(summary.angle),
      "stable_rank": number(summary.stableRank),
      "off_principal_energy": number(summary.offPrincipalEnergy),
    ]
  }

  private static func literal(_ depth: DepthContribution) -> JSONLiteral {
    [
      "attention": .double(depth.attention), "mlp": .double(depth.mlp),
      "block": .double(depth.block),
    ]
  }

  private static func literal(_ change: MatrixChange) -> JSONLiteral {
    var literal: JSONLiteral = [
      "name": .string(change.name), "shape": .ints(change.shape),
      "relative_norm": .double(change.relativeNorm), "largest": .double(change.largest),
      "sparsity": .double(change.sparsity), "same_bfloat16": .double(change.sameInBFloat16),
    ]
    guard let spectrum = change.spectrum else { return literal }
    func angle(_ angle: SpectralChange.Angle) -> JSONLiteral {
      ["largest": .double(angle.largest), "mean": .double(angle.mean)]
    }
    literal["spectral_shift"] = .double(spectrum.normalisedShift)
    literal["left_angle"] = angle(spectrum.leftAngle)
    literal["right_angle"] = angle(spectrum.rightAngle)
    literal["stable_rank"] = .double(spectrum.stableRank)
    literal["off_principal_energy"] = .double(spectrum.offPrincipalEnergy)
    literal["subspace"] = .int(spectrum.subspace)
    return literal
  }

  // MARK: A page

  /// Curves over the layers, a kind of matrix each, and both tables.
  var page: String {
    var page = Page(title: "Two checkpoints")
    page.style =
      ".charts { display: grid; gap: .4rem 1.2rem; "
      + "grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); } "
      + "body { overflow-wrap: anywhere; } td { white-space: nowrap; }"
    page.paragraph("From \(before.path) to \(after.path).")
    page.add("<div class=\"charts\">")
    page.add(chart("|W+ − W0| / |W0|") { $0.relativeNorm })
    page.add(chart("entries unchanged within 1e-3 of themselves") { $0.sparsity })
    if weights.changes.contains(where: { $0.spectrum != nil }) {
      page.add(chart("normalised spectral shift") { $0.spectrum?.normalisedShift })
      page.add(
        chart("largest principal angle, degrees") {
          $0.spectrum.map { max($0.leftAngle.largest, $0.rightAngle.largest) }
        })
      page.add(chart("stable rank of the update") { $0.spectrum?.stableRank })
      page.add(
        chart("energy of the update off the principal space") {
          $0.spectrum?.offPrincipalEnergy
        })
    }
    page.add(depthChart("attention adds, |a|/|h|", \.attention))
    page.add(depthChart("MLP adds, |m|/|h + a|", \.mlp))
    page.add("</div>")
    page.heading("Layers")
    page.table(header: layerHeader, rows: layerRows)
    page.heading("Tensors")
    page.table(header: ["tensor"] + Self.columns + ["largest"], rows: matrixRows)
    page.paragraph(Self.legend)
    return page.html
  }

  private func chart(_ title: String, _ value: (MatrixChange) -> Double?) -> String {
    var kinds: [String] = []
    var points: [String: [LineChart.Point]] = [:]
    for change in weights.changes where change.shape.count == 2 {
      guard let layer = WeightComparison.layer(of: change.name), let y = value(change) else {
        continue
      }
      let kind = WeightComparison.kind(of: change.name)
      if points[kind] == nil { kinds.append(kind) }
      points[kind, default: []].append(.init(x: Double(layer), y: y))
    }
    return picture(title, kinds.map { .init($0, points[$0]!) })
  }

  private func depthChart(_ title: String, _ value: (DepthContribution) -> Double) -> String {
    func series(_ name: String, _ depth: [DepthContribution]) -> LineChart.Series {
      .init(name, depth.enumerated().map { .init(x: Double($0), y: value($1)) })
    }
    return picture(title, [series("first", depth.before), series("second", depth.after)])
  }

  private func picture(_ title: String, _ series: [LineChart.Series]) -> String {
    var chart = LineChart(title: title, xLabel: "layer", series: series)
    chart.size = .small
    return chart.html
  }
}

private func percent(_ share: Double) -> String { String(format: "%.1f%%", 100 * share) }

/// Rows of texts in columns: the first to the left, the others to the right.
private struct WideTable {
  let rows: [[String]]
  init(_ rows: [[String]]) { self.rows = rows }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      row.enumerated().map { column, text in
        let space = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + space : space + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
