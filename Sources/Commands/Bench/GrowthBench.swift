import Foundation
import JSON
import Models
import Pages

/// How the cost of a step of GRPO grows, one size at a time, the others as they are in the middle.
struct GrowthBench {
  static let measure = "growth"

  let shape: ModelConfiguration.Shape
  let threads: Int
  let precision: String
  let turns: Int

  /// What is made larger, and what a step of that size is.
  private struct Axis {
    let name: String
    let sizes: [Int]
    var task: (Int) -> BenchTask = { _ in GrowthBench.task() }
    var shape: (inout ModelConfiguration.Shape, Int) -> Void = { _, _ in }
    var threads: ((Int) -> Int)?
  }

  private static func task(prompt: Int = 32, answer: Int = 64, group: Int = 8) -> BenchTask {
    BenchTask(
      work: .step, batch: 4 * group, tokens: prompt + answer, promptTokens: prompt,
      newTokens: answer, groupSize: group)
  }

  private var axes: [Axis] {
    let layers = shape.layerCount
    return [
      Axis(
        name: "prompt tokens", sizes: [32, 128, 512, 2048], task: { Self.task(prompt: $0) }),
      Axis(name: "answer tokens", sizes: [32, 64, 128, 256], task: { Self.task(answer: $0) }),
      Axis(name: "group size", sizes: [2, 4, 8, 16, 32], task: { Self.task(group: $0) }),
      Axis(
        name: "vocabulary", sizes: [4_000, 16_000, 32_000, 128_000],
        shape: { $0.vocabularySize = $1 }),
      Axis(
        name: "layers", sizes: [layers / 2, layers, 2 * layers, 4 * layers].map { max(1, $0) },
        shape: { $0.layerCount = $1 }),
      Axis(
        name: "threads", sizes: (0...6).map { 1 << $0 }.filter { $0 <= threads },
        threads: { $0 }),
    ]
  }

  /// Each size in a process of its own.
  func measure() throws -> [GrowthCurve] {
    try axes.map { axis in
      GrowthCurve(
        name: axis.name,
        points: try axis.sizes.map { size in
          Console.note("\(axis.name): \(size)")
          return (size, try measure(axis, size))
        })
    }
  }

  /// The turn of the median time.
  private func measure(_ axis: Axis, _ size: Int) throws -> BenchResult {
    var shape = shape
    axis.shape(&shape, size)
    let folder = try BenchFolder()
    try ModelConfiguration(shape).source.serialized(indent: 2).write(
      to: folder.url.appending(path: "config.json"), atomically: false, encoding: .utf8)
    let threads = axis.threads?(size) ?? threads
    let arguments = axis.task(size).arguments(
      folder: folder.url, threads: threads, precision: precision)
    let results = try (0..<turns).map { _ in
      try BenchResult(BenchProgram.temper.answer(arguments, threads: threads))
    }
    return results.sorted { $0.seconds < $1.seconds }[results.count / 2]
  }
}

/// The cost of a step at some sizes of one thing.
struct GrowthCurve {
  let name: String
  let points: [(size: Int, result: BenchResult)]

  /// The power of the size with which the time of a step grows, from one size to the next: 1 is in
  /// proportion.
  var exponents: [Double] {
    zip(points, points.dropFirst()).map { a, b in
      log(b.result.seconds / a.result.seconds) / log(Double(b.size) / Double(a.size))
    }
  }

  static func table(_ curves: [GrowthCurve]) -> String {
    let lines = curves.flatMap { curve in
      zip(curve.points, [nil] + curve.exponents).map { point, exponent in
        [
          curve.name, "\(point.size)", String(format: "%.2f", point.result.seconds),
          exponent.map { String(format: "%.2f", $0) } ?? "",
          String(format: "%.0f%%", 100 * point.result.rolloutShare),
          "\(point.result.peakBytes >> 20)",
        ]
      }
    }
    return BenchTable.aligned(
      ["what grows", "size", "step, s", "exponent", "in rollouts", "peak MiB"], lines)
  }

  /// Both axes in doublings of where the curve begins, so that a slope is an exponent.
  static func page(_ curves: [GrowthCurve], of model: String) -> String {
    var page = Page(title: "How a step of \(model) grows")
    page.add(
      LineChart(
        title: "Doublings of a step's time", xLabel: "doublings of the size",
        series: curves.map { curve in
          let first = curve.points[0]
          return LineChart.Series(
            curve.name,
            curve.points.map { point in
              LineChart.Point(
                x: log2(Double(point.size) / Double(first.size)),
                y: log2(point.result.seconds / first.result.seconds))
            })
        }
      ).html)
    page.add("<pre>\(escaped(table(curves)))</pre>")
    return page.html
  }

  var json: JSONLiteral {
    [
      "what": .string(name),
      "points": .array(
        points.map { ["size": .int($0.size), "result": $0.result.json] }),
      "exponents": .array(exponents.map { .double($0) }),
    ]
  }
}

extension BenchResult {
  fileprivate var rolloutShare: Double {
    (parts.first { $0.name == "rollout" }?.seconds ?? 0) / seconds
  }
}
