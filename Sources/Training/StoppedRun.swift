/// The end of a run that a detector may stop.
public struct StoppedRun: Error, CustomStringConvertible {
  public let step: Int
  public let detector: String
  /// With the figures.
  public let reason: String
  /// The step after which the state was that the run was left in; `nil` where none was kept in
  /// memory, and the last checkpoint is the last good state.
  public let goodStep: Int?

  public var description: String {
    let state =
      goodStep.map { "the checkpoint of step \(step) has the state after step \($0)" }
      ?? "no state was kept in memory: the last checkpoint is the last good state"
    return "\(detector) has stopped the run at step \(step): \(reason); \(state)"
  }
}
