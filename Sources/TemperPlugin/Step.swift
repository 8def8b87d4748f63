import CPluginABI

/// One optimizer step, whole: what `prepare` sees.
public struct Step {
  /// From 1.
  public let step: Int
  public let totalSteps: Int
  /// From 1; several updates may share one.
  public let rollout: Int
  /// Within the rollout, from 0.
  public let update: Int
  /// Of sampling and training; rows are taken at it.
  public let temperature: Double
  /// The run's ratio is held in `[1 - clipLow, 1 + clipHigh]`.
  public let clipLow: Double
  public let clipHigh: Double
  /// `nil` for none.
  public let dualClip: Double?
  /// The user wrote the clip bounds: keep them.
  public let clipIsExplicit: Bool
  /// Advantages and masks as the plugins before this one left them.
  public let tokens: Tokens

  init(_ step: temper_step, _ tokens: Tokens) {
    (self.step, totalSteps) = (Int(step.step), Int(step.total_steps))
    (rollout, update) = (Int(step.rollout), Int(step.update))
    temperature = step.temperature
    (clipLow, clipHigh) = (step.clip_low, step.clip_high)
    dualClip = step.dual_clip.isFinite ? step.dual_clip : nil
    clipIsExplicit = step.clip_is_explicit != 0
    self.tokens = tokens
  }
}

/// Whole sequences of the step that was prepared: what `evaluate` sees.
public struct Run {
  /// Columns as they are now, masks and advantages as prepared; token 0 is the run's first.
  public let tokens: Tokens
  /// Which token of the step `tokens` begins with: what was frozen of token `t` of the run stands
  /// at `first + t`.
  public let first: Int
}

/// What `prepare` may change, one value a token. It enters with the run's values, and with what the
/// plugins before this one made of them.
public struct Shaping {
  public let advantages: UnsafeMutableBufferPointer<Float>
  /// May be cleared, not set.
  public let mask: UnsafeMutableBufferPointer<UInt8>
  /// Multiplies phi, not what is added to it; mostly enters as 1.
  public let weights: UnsafeMutableBufferPointer<Float>
  /// The ratio is held in `[1 - clipLow, 1 + clipHigh]`; infinite for no bound.
  public let clipLow: UnsafeMutableBufferPointer<Float>
  public let clipHigh: UnsafeMutableBufferPointer<Float>
  public let dualClip: UnsafeMutableBufferPointer<Float>
  private let shaping: UnsafeMutablePointer<temper_shaping>

  init(_ shaping: UnsafeMutablePointer<temper_shaping>, count: Int) {
    func column<Element>(
      _ start: UnsafeMutablePointer<Element>?
    ) -> UnsafeMutableBufferPointer<Element> {
      UnsafeMutableBufferPointer(start: start, count: count)
    }
    self.shaping = shaping
    advantages = column(shaping.pointee.advantages)
    mask = column(shaping.pointee.mask)
    weights = column(shaping.pointee.weights)
    clipLow = column(shaping.pointee.clip_low)
    clipHigh = column(shaping.pointee.clip_high)
    dualClip = column(shaping.pointee.dual_clip)
  }

  /// Asks for `differentiate` on token `t`, which must be trained on.
  public mutating func want(_ t: Int) { shaping.pointee.wanted_rows[t] = 1 }

  public func wants(_ t: Int) -> Bool { shaping.pointee.wanted_rows[t] != 0 }

  /// `c` of the term `-c sum W H`.
  public var entropyCoefficient: Double {
    get { shaping.pointee.entropy_coefficient }
    set { shaping.pointee.entropy_coefficient = newValue }
  }

  /// Of the divergence from the reference policy.
  public var klCoefficient: Double {
    get { shaping.pointee.kl_coefficient }
    set { shaping.pointee.kl_coefficient = newValue }
  }

  /// Added to the loss, without a gradient.
  public var scalarLoss: Double {
    get { shaping.pointee.scalar_loss }
    set { shaping.pointee.scalar_loss = newValue }
  }
}

/// What `evaluate` adds, one value a token, entering 0, in units of phi: the host multiplies by `W`.
public struct Additions {
  public let phi: UnsafeMutableBufferPointer<Float>
  /// `d phi / d logprob`
  public let dLogprob: UnsafeMutableBufferPointer<Float>
  /// `d phi / d entropy`
  public let dEntropy: UnsafeMutableBufferPointer<Float>

  init(_ additions: temper_additions, count: Int) {
    phi = UnsafeMutableBufferPointer(start: additions.phi, count: count)
    dLogprob = UnsafeMutableBufferPointer(start: additions.dlogprob, count: count)
    dEntropy = UnsafeMutableBufferPointer(start: additions.dentropy, count: count)
  }
}
