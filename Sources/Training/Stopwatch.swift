/// Seconds since it was made, in laps.
struct Stopwatch {
  private let begin = ContinuousClock.now
  private var last = ContinuousClock.now

  /// Seconds since the last lap.
  mutating func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .seconds(1)
  }

  var total: Double { (ContinuousClock.now - begin) / .seconds(1) }
}
