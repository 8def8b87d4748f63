import Glibc
import TemperPlugin

/// What a row of logits comes to in the precision of the loss, float32.
struct SoftmaxRow {
  /// `sum exp(z - max z)` is 1 to the last bit: every other term is absorbed.
  let isCollapsed: Bool
  /// The sampled token's log-probability is 0 to the last bit, and so its gradient.
  let isCertain: Bool
  /// All but the most probable symbol have next to nothing.
  let isNear: Bool
  /// Of centred logits.
  let norm: Double
  /// How far the row's gradient is a scaling of its logits, from -1 to 1: `sum -z dz / (|z| |dz|)`
  /// with centred z; `nil` where there is no gradient.
  let scaleAlignment: Double?

  /// `nil` where the logits are not finite.
  init?(_ row: LogitRow, temperature: Double, near: Double) {
    let count = row.logits.count
    guard let most = row.logits.max(), most.isFinite, row.logits.indices.contains(row.token) else {
      return nil
    }
    let scale = Float(1 / temperature)
    var (sum, others, wide) = (Float(0), 0.0, 0.0)
    var (mean, finite) = (0.0, 0)
    let top = row.logits.firstIndex(of: most)!
    for (id, logit) in row.logits.enumerated() where logit > -.infinity {
      let distance = (logit - most) * scale
      let weight = expf(distance)
      sum += weight
      wide += Double(weight)
      if id != top { others += Double(weight) }
      mean += Double(logit)
      finite += 1
    }
    guard wide.isFinite, count > 1 else { return nil }
    mean /= Double(finite)
    isCollapsed = sum == 1
    isNear = others / (1 + others) < near
    let token = row.token
    isCertain = (row.logits[token] - most) * scale - logf(sum) == 0

    // d loss / d z = -A (1[v = token] - p), and centring z takes nothing from its product with
    // that.
    var (along, squares, gradients) = (0.0, 0.0, 0.0)
    for (id, logit) in row.logits.enumerated() where logit > -.infinity {
      let z = Double(logit) - mean
      let p = exp(Double(logit - most) * Double(scale)) / wide
      let dz = -row.advantage * ((id == token ? 1 : 0) - p)
      (along, squares, gradients) = (along - z * dz, squares + z * z, gradients + dz * dz)
    }
    norm = squares.squareRoot()
    let size = squares.squareRoot() * gradients.squareRoot()
    scaleAlignment = size > 0 && size.isFinite ? along / size : nil
  }
}
