import TemperPlugin

extension GradientSpike {
  struct Configuration: PluginConfiguration {
    var window = 64  // updates
    /// The global norm over the median of the window: a warning, and a spike that spoils the run.
    var ratio = 5.0
    var criticalRatio = 20.0
    /// Of these many times the median one is enough.
    var catastrophe = 100.0
    /// The norm's distance from the median in robust deviations, which speaks from `least_ratio`
    /// on.
    var z = 10.0
    var leastRatio = 2.0
    /// The largest share of the last `clip_window` updates that are clipped.
    var clipShare = 0.99
    var clipWindow = 100
    /// SPAM: entries with g^2 > spam v, and the largest share of them; from `spam_from` updates on.
    var spam = 5000.0
    var spamShare = 1e-4
    var spamFrom = 20
    /// The largest |g| over the moving average of the mean |g| of its tensor, and over its own
    /// median.
    var gss = 50.0
    var gssGrowth = 5.0
    var gssPast = 0.9
    /// The norm over the one before.
    var growth = 3.0
    /// The root mean square of a tensor's gradient, in Adam's epsilons.
    var vanishing = 10.0
    /// The norm of a matrix's update over that of its weights.
    var updateRatio = 0.01
    /// Rows of logits whose gradient is measured; 0 for none.
    var rows = 32
    /// Tokens with a negative advantage and a probability below this.
    var lowProbability = 1e-4
    /// A rise that lasts, of the norm's logarithm (Page-Hinkley, in its deviations), and how large
    /// the norm has to be over what it was.
    var riseDrift = 0.5
    var riseLimit = 25.0
    var riseRatio = 2.0
    /// What it asks of the learning rate.
    var rateFactor = 0.5
    var rateSteps = 50
    var alarm = AlarmSettings()
  }
}

extension GradientSpike.Configuration {
  /// Saturation is a state, not an event: it is worth a word now and then.
  var clipAlarm: AlarmSettings {
    AlarmSettings(bad: alarm.bad, looks: alarm.looks, clean: alarm.clean, cooldown: clipWindow)
  }

  func validate() throws {
    try require("window", Double(window), atLeast: 16)
    try require("ratio", ratio, above: 1)
    try require("critical_ratio", criticalRatio, atLeast: ratio)
    try require("catastrophe", catastrophe, atLeast: criticalRatio)
    try require("z", z, above: 0)
    try require("least_ratio", leastRatio, atLeast: 1)
    try require("clip_share", clipShare, above: 0, atMost: 1)
    try require("clip_window", Double(clipWindow), atLeast: 1)
    try require("spam", spam, above: 0)
    try require("spam_share", spamShare, atLeast: 0, atMost: 1)
    try require("gss", gss, above: 1)
    try require("gss_growth", gssGrowth, atLeast: 1)
    try require("gss_past", gssPast, atLeast: 0, below: 1)
    try require("growth", growth, above: 1)
    try require("vanishing", vanishing, atLeast: 0)
    try require("update_ratio", updateRatio, above: 0)
    try require("rows", Double(rows), atLeast: 0)
    try require("low_probability", lowProbability, above: 0, below: 1)
    try require("rise_drift", riseDrift, above: 0)
    try require("rise_limit", riseLimit, above: 0)
    try require("rise_ratio", riseRatio, atLeast: 1)
    try require("rate_factor", rateFactor, above: 0, atMost: 1)
    try require("rate_steps", Double(rateSteps), atLeast: 1)
    try alarm.validate(self)
  }
}
