import Kernels
import Tensors

/// What an update of the weights does to logits, to first order: `J dtheta`, by a central
/// difference along the update.
///
/// "Ghosts of Softmax" (arXiv:2603.13552): the step is safe while the largest spread of such a
/// change over the vocabulary stays below pi. The distance of the difference is chosen so that
/// `|h dtheta| = |theta| / 10,000`: a tenfold of it bends the logits of small models by percents,
/// a tenth comes near float32's rounding.
public struct LogitChange {
  /// `[rows, allowedIds]` in the middle of the two passes: the logits before the update, up to
  /// the square of the distance.
  public let logits: Matrix
  /// `[rows, allowedIds]`. A row whose change is below what rounding leaves of it is 0.
  public let change: Matrix
  /// The distance, as a share of the update.
  public let distance: Double

  /// The distance of the difference over `|theta|`.
  static let relativeDistance = 1e-4
  /// A logit's relative error.
  static let rounding = 1e-6

  /// - Parameters:
  ///   - model: its parameters hold the weights as they would become; its compute copy agrees
  ///     with them afterwards. In float32: a difference of rounded weights is noise.
  ///   - previous: the weights before, `[parameters]`.
  ///   - norms: of the weights before and of the update, over all parameters.
  ///   - chosen: the rows, pass by pass.
  public init(
    _ model: Transformer, from previous: [Storage<Float>],
    norms: (weights: Double, update: Double), of chosen: [ChosenRows]
  ) {
    precondition(model.weightType == .float32, "a change of logits by rounded weights")
    precondition(
      previous.count == model.parameters.count,
      "\(previous.count) weights before of \(model.parameters.count) parameters")
    let isTiny = norms.update <= norms.weights * 1e-12
    let distance = isTiny ? 1 : Self.relativeDistance * norms.weights / norms.update
    func pass(_ share: Double) -> Matrix {
      model.between(previous, share: Float(share)) { model.logits(of: chosen) }
    }
    let (ahead, behind) = (pass(distance), pass(-distance))
    for row in 0..<ahead.rows {
      let (a, b) = (ahead.base + row * ahead.stride, behind.base + row * behind.stride)
      var (low, high, largest) = (Double.infinity, -Double.infinity, 0.0)
      for id in 0..<ahead.columns {
        let (up, down) = (Double(a[id]), Double(b[id]))
        let change = (up - down) / (2 * distance)
        (low, high) = (min(low, change), max(high, change))
        largest = max(largest, abs(up))
        a[id] = Float((up + down) / 2)
        b[id] = Float(change)
      }
      if high - low < Self.rounding * largest / distance {
        b.update(repeating: 0, count: behind.columns)
      }
    }
    (logits, change, self.distance) = (ahead, behind, distance)
  }

  /// `[rows]` the largest change less the smallest, which no shift of all logits changes.
  public var spreads: [Double] {
    (0..<change.rows).map { row in
      let values = UnsafeBufferPointer(
        start: change.base + row * change.stride, count: change.columns)
      return Double(values.max() ?? 0) - Double(values.min() ?? 0)
    }
  }
}
