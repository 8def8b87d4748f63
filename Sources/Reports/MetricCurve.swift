import Foundation
import Pages

/// One metric over the steps of a run, in bounded memory: neighbouring steps share a bin once there
/// are many, and a bin keeps its mean and its ends.
public struct MetricCurve: Sendable {
  /// More bins than this, twice over, are made half as many.
  static let resolution = 120

  private struct Bin {
    var sum = 0.0
    var steps = 0.0
    var low = Double.infinity
    var high = -Double.infinity
    var count = 0

    mutating func add(_ other: Bin) {
      sum += other.sum
      steps += other.steps
      (low, high) = (min(low, other.low), max(high, other.high))
      count += other.count
    }
  }

  public let name: String
  /// Steps that have a finite value, and their sum.
  public private(set) var count = 0
  public private(set) var sum = 0.0
  public private(set) var first = Double.nan
  public private(set) var last = Double.nan
  public private(set) var least = Double.infinity
  public private(set) var largest = -Double.infinity
  /// Steps whose value is not finite.
  public private(set) var lost = 0
  private var bins: [Int: Bin] = [:]
  private var width = 1

  init(_ name: String) { self.name = name }

  public var mean: Double { count == 0 ? .nan : sum / Double(count) }

  /// - Parameter value: NaN where the step has it but it is no number.
  mutating func add(_ value: Double, step: Int) {
    guard value.isFinite else {
      lost += 1
      return
    }
    if count == 0 { first = value }
    last = value
    (count, sum) = (count + 1, sum + value)
    (least, largest) = (min(least, value), max(largest, value))
    bins[step / width, default: Bin()].add(
      Bin(sum: value, steps: Double(step), low: value, high: value, count: 1))
    if bins.count > 2 * Self.resolution { thin() }
  }

  private mutating func thin() {
    var wider: [Int: Bin] = [:]
    for (place, bin) in bins { wider[place / 2, default: Bin()].add(bin) }
    (bins, width) = (wider, 2 * width)
  }

  /// In the order of the steps; with a band where a point stands for several.
  public var points: [LineChart.Point] {
    bins.sorted { $0.key < $1.key }.map { _, bin in
      let count = Double(bin.count)
      let isBand = bin.count > 1 && bin.low < bin.high
      return LineChart.Point(
        x: bin.steps / count, y: bin.sum / count, low: isBand ? bin.low : nil,
        high: isBand ? bin.high : nil)
    }
  }
}
