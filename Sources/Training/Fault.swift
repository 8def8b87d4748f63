import Optimizers

/// What a test does to a run, to see whether it is found out.
struct Fault {
  /// Multiplies the learning rate of a step.
  var rate: (_ step: Int) -> Double = { _ in 1 }
  /// Changes the gradients of a step before anybody sees them.
  var gradients: (_ step: Int, [ParameterSlot]) -> Void = { _, _ in }
}
