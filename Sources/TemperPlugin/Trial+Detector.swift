import CPluginABI

// Arguments of a detector's own tests, made by hand; their memory lives as long as the process.

extension Observation {
  /// What there is at an event, to be filled in:
  ///
  ///     var seen = Observation.trial(.step, step: 3, metrics: ["policy/loss": 0.1])
  ///     seen.outcomes = .trial(rewards: [1, 0, nil])
  public static func trial(
    _ event: DetectionEvent, step: Int = 1, totalSteps: Int = 100,
    metrics: KeyValuePairs<String, Double> = [:]
  ) -> Observation {
    let table = metrics.map { name, value in
      temper_metric(name: UnsafePointer(permanent(name.utf8CString.map(\.self))), value: value)
    }
    return Observation(
      event, step: step, totalSteps: totalSteps,
      metrics: UnsafeBufferPointer(start: permanent(table), count: table.count))
  }
}

extension Outcomes {
  /// Sequences of one prompt, unless `groups` says otherwise: right where the reward is above 0,
  /// and failed where there is none.
  public static func trial(
    rewards: [Double?], groups: [Int]? = nil, truncated: [Bool]? = nil, lengths: [Int]? = nil,
    texts: [String]? = nil, components: KeyValuePairs<String, [Double]> = [:]
  ) -> Outcomes {
    let texts = (texts ?? rewards.map { _ in "" }).map { text in
      temper_text(
        data: permanent(text.utf8.map(CChar.init(bitPattern:))), size: text.utf8.count)
    }
    let verdicts = rewards.map { reward -> UInt32 in
      guard let reward else { return TEMPER_FAILED.rawValue }
      return reward > 0 ? TEMPER_RIGHT.rawValue : TEMPER_WRONG.rawValue
    }
    let names = components.map { name, _ in
      Optional(UnsafePointer(permanent(name.utf8CString.map(\.self))))
    }
    let columns = components.map { _, values in
      Optional(UnsafePointer(permanent(values.map { Float($0) })))
    }
    var outcomes = temper_outcomes()
    outcomes.size = size(of: temper_outcomes.self)
    outcomes.sequence_count = rewards.count
    outcomes.groups = UnsafePointer(
      permanent((groups ?? rewards.map { _ in 0 }).map { UInt32($0) }))
    outcomes.rewards = UnsafePointer(permanent(rewards.map { Float($0 ?? .nan) }))
    outcomes.verdicts = UnsafePointer(permanent(verdicts))
    outcomes.truncated = UnsafePointer(
      permanent((truncated ?? rewards.map { _ in false }).map { $0 ? UInt8(1) : 0 }))
    outcomes.lengths = UnsafePointer(
      permanent((lengths ?? rewards.map { _ in 1 }).map { UInt32($0) }))
    outcomes.texts = UnsafePointer(permanent(texts))
    outcomes.component_count = components.count
    outcomes.component_names = UnsafePointer(permanent(names))
    outcomes.components = UnsafePointer(permanent(columns))
    return Outcomes(outcomes)
  }
}

extension LogitRow {
  public static func trial(
    logits: [Float], token: Int = 0, advantage: Double = 1, change: [Float]? = nil
  ) -> LogitRow {
    LogitRow(
      temper_logits(
        size: size(of: temper_logits.self), token: Int32(token), index: 0,
        advantage: Float(advantage), logits: permanent(logits),
        change: change.map { UnsafePointer(permanent($0)) }, vocabulary: logits.count))
  }
}

extension Trial {
  /// The columns alone, as a detector sees them.
  public var tokens: Tokens { step.tokens }
}
