import CPluginABI
import EntropyControl
import Trajectories

/// What `prepare` may change, as the C table takes it.
final class ShapingTable {
  private var shaping: temper_shaping
  /// As it was handed out: whatever a plugin does to the pointers, these are read.
  private let columns: temper_shaping
  private let arena = Arena()
  private let count: Int

  init(_ batch: TokenBatch, _ run: Shaping) {
    count = batch.count
    shaping = temper_shaping(
      size: UInt32(MemoryLayout<temper_shaping>.size), advantages: arena.copy(batch.advantages),
      mask: arena.copy(batch.mask), weights: arena.copy(run.weights),
      clip_low: arena.copy(run.clipLow), clip_high: arena.copy(run.clipHigh),
      dual_clip: arena.copy(run.dualClip),
      wanted_rows: arena.copy([UInt8](repeating: 0, count: batch.count)),
      entropy_coefficient: run.entropyCoefficient, kl_coefficient: run.klCoefficient,
      scalar_loss: run.scalarLoss)
    columns = shaping
  }

  func withPointer<Result>(_ body: (UnsafeMutablePointer<temper_shaping>) -> Result) -> Result {
    body(&shaping)
  }

  /// Takes over what the plugin left.
  func read(into batch: inout TokenBatch, _ run: inout Shaping) {
    func column<Element>(_ start: UnsafeMutablePointer<Element>) -> [Element] {
      Array(UnsafeBufferPointer(start: start, count: count))
    }
    batch.advantages = column(columns.advantages)
    batch.mask = column(columns.mask)
    run.weights = column(columns.weights)
    run.clipLow = column(columns.clip_low)
    run.clipHigh = column(columns.clip_high)
    run.dualClip = column(columns.dual_clip)
    run.entropyCoefficient = shaping.entropy_coefficient
    run.klCoefficient = shaping.kl_coefficient
    run.scalarLoss = shaping.scalar_loss
  }

  /// `[N]`, or empty where no row is wanted.
  var wantedRows: [Bool] {
    let wanted = UnsafeBufferPointer(start: columns.wanted_rows, count: count)
    return wanted.contains { $0 != 0 } ? wanted.map { $0 != 0 } : []
  }
}
