import TemperPlugin

extension EntropyDetector {
  struct Configuration: PluginConfiguration {
    var window = 64  // steps
    /// Steps that say where the run began, `H_0`.
    var baseline = 10
    /// Collapse: below the larger of this, in nats, and of this share of `H_0`.
    var floor = 0.01
    var floorShare = 0.02
    /// Steps within which a falling trend would reach the floor, and how sure it has to be, over
    /// the window and over its later half.
    var horizon = 50.0
    var trendZ = 3.0
    /// From this share of right completions on, a task is learned: nothing is left to explore, and
    /// entropy may go.
    var learned = 0.9
    /// A token is deterministic below this entropy; the largest share of such.
    var deterministicEntropy = 0.01
    var deterministicShare = 0.97
    /// Explosion: above the larger of `factor H_0` and `H_0 + margin`, or that far from the median.
    var explosionFactor = 2.0
    var explosionMargin = 1.0
    var explosionZ = 6.0
    /// The least rise of the median, as a share of it, that a distance in deviations speaks of.
    var explosionRise = 0.2
    /// The shares of the past of two moving averages, and how far apart they may be.
    var shortPast = 0.8
    var longPast = 0.98
    var oscillation = 2.0
    /// Dead: below this for so many steps.
    var deadEntropy = 1e-3
    var deadSteps = 20
    /// What an explosion asks of the learning rate; a collapse that is gone back from keeps the
    /// factor for good.
    var rateFactor = 0.5
    var rateSteps = 50
    var alarm = AlarmSettings()
  }
}

extension EntropyDetector.Configuration {
  func validate() throws {
    try require("window", Double(window), atLeast: 16)
    try require("baseline", Double(baseline), atLeast: 1)
    try require("floor", floor, above: 0)
    try require("floor_share", floorShare, atLeast: 0, below: 1)
    try require("horizon", horizon, atLeast: 0)
    try require("trend_z", trendZ, above: 0)
    try require("learned", learned, atLeast: 0)
    try require("deterministic_share", deterministicShare, above: 0, atMost: 1)
    try require("explosion_factor", explosionFactor, above: 1)
    try require("explosion_margin", explosionMargin, atLeast: 0)
    try require("explosion_z", explosionZ, above: 0)
    try require("explosion_rise", explosionRise, atLeast: 0)
    try require("short_past", shortPast, atLeast: 0, below: 1)
    try require("long_past", longPast, above: shortPast, below: 1)
    try require("oscillation", oscillation, above: 1)
    try require("dead_steps", Double(deadSteps), atLeast: 1)
    try require("rate_factor", rateFactor, above: 0, atMost: 1)
    try require("rate_steps", Double(rateSteps), atLeast: 1)
    try alarm.validate(self)
  }
}
