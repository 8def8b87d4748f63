import TemperPlugin

/// What one update does to the weights.
extension GradientSpike {
  func update(_ seen: Observation, _ state: inout State) -> Finding {
    if let broken = seen.tensors.first(where: { !$0.updateNorm.isFinite }) {
      return Finding(
        .skipStep, isCritical: true,
        "the update of \(broken.name) is not finite: lower the learning rate")
    }
    let weights = seen.tensors.reduce(0) { $0 + $1.weightNorm * $1.weightNorm }
    let updates = seen.tensors.reduce(0) { $0 + $1.updateNorm * $1.updateNorm }
    let entries = seen.tensors.reduce(0) { $0 + $1.count }
    guard weights > 0, weights.isFinite, entries > 0 else { return .nothing }
    let whole = (updates / weights).squareRoot()
    host.record("update_ratio", whole)
    let rms = (weights / Double(entries)).squareRoot()
    var most = (ratio: 0.0, name: "")
    for tensor in seen.tensors where tensor.shape.count > 1 {
      // What begins at zero has no size to be measured by.
      let least = 0.1 * rms * Double(tensor.count).squareRoot()
      let ratio = tensor.updateNorm / max(tensor.weightNorm, least)
      if ratio > most.ratio { most = (ratio, tensor.name) }
    }
    host.record("update_ratio_max", most.ratio)
    let usual = state.updates.count >= 16 ? state.updates.median : nil
    state.updates.append(whole, keeping: configuration.window)
    let jump = usual.map { $0 > 0 ? whole / $0 : 0 } ?? 0
    if usual != nil { host.record("update_jump", jump) }
    if let finding = leap(jump, most, step: seen.step, &state) { return finding }
    guard
      state.alarms.look(
        "update", most.ratio > configuration.updateRatio, step: seen.step, configuration.alarm)
    else { return .nothing }
    return Finding(
      .scaleRate(factor: configuration.rateFactor, steps: configuration.rateSteps),
      """
      one update moves \(most.name) by \(percent(most.ratio)) of its norm: lower the learning rate
      """)
  }

  /// An update that would spoil the run by itself: it is cut to the usual length, or to the ratio
  /// that is still fine. Clipping bounds the gradient, and Adam's step does not depend on its size,
  /// so that a learning rate which jumps shows here alone.
  private func leap(
    _ jump: Double, _ most: (ratio: Double, name: String), step: Int, _ state: inout State
  ) -> Finding? {
    let isJump = jump > configuration.criticalRatio
    let share = most.ratio / configuration.updateRatio
    let isCatastrophe = share > configuration.catastrophe
    // Every one of them, whatever was said before.
    guard
      state.alarms.look(
        "leap", false, step: step, isCatastrophe: isJump || isCatastrophe, configuration.alarm)
    else { return nil }
    let comparison =
      isJump
      ? "\(short(jump)) times as long as the median of the last \(state.updates.count - 1)"
      : "\(short(share)) times as long as is still fine"
    return Finding(
      .shorten(factor: 1 / max(isJump ? jump : 1, isCatastrophe ? share : 1)), isCritical: true,
      """
      one update moves \(most.name) by \(percent(most.ratio)) of its norm and is \(comparison): \
      look at the learning rate
      """)
  }
}
