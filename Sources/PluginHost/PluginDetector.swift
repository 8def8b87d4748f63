import CPluginABI
import Detectors
import Foundation
import Metrics
import Trajectories

/// A detector behind a C table.
final class PluginDetector: Detector {
  let name: String
  let needs: DetectorNeeds
  private let instance: PluginInstance
  private let table: temper_detector
  private let memory: PluginMemory

  /// Bytes that are kept of a row.
  static let mostBytes = 4096
  /// Bytes that are kept of a reason.
  static let longestReason = 1 << 16

  init(_ instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    (self.instance, name) = (instance, info.name)
    table = try temper_detector(of: instance, info)
    needs = try table.needs(of: instance, info)
    memory = try PluginMemory(of: instance, info)
  }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] {
    guard let observe = table.observe else { return [] }
    var row = temper_row(row)
    let kept = try withSink { sink, error in
      observe(instance.pointer, &row, floats.baseAddress, sink, &error)
    }
    guard kept.count <= Self.mostBytes else {
      throw CallFailure("it keeps \(kept.count) bytes of a row, of \(Self.mostBytes) at most")
    }
    return kept
  }

  func detect(_ observation: Observation) throws -> Finding {
    let table = ObservationTable(observation)
    var found = temper_finding()
    let reason = try withSink { sink, error in
      table.withPointers { seen, finding in
        finding.pointee.reason = sink
        defer { found = finding.pointee }
        return self.table.detect(instance.pointer, seen, finding, &error)
      }
    }
    return Finding(
      try DetectorAction(found, dropped: table.droppedSequences),
      isCritical: found.is_critical != 0,
      reason: String(decoding: reason.prefix(Self.longestReason), as: UTF8.self))
  }

  func takeMetrics() -> StepMetrics { instance.services.takeMetrics() }

  func saveState() throws -> Data? { try memory.save() }
  func restoreState(_ state: Data) throws { try memory.restore(state) }
}

extension DetectorAction {
  fileprivate init(_ found: temper_finding, dropped: [Bool]) throws(CallFailure) {
    func factor() throws(CallFailure) -> Double {
      guard found.factor > 0, found.factor <= 1 else {
        throw CallFailure("it finds the factor \(found.factor), which is not above 0 and at most 1")
      }
      return found.factor
    }
    self =
      switch found.action {
      case TEMPER_ACT_NONE: .none
      case TEMPER_ACT_WARN: .warn
      case TEMPER_ACT_SCALE_RATE: .scaleRate(factor: try factor(), steps: Int(found.steps))
      case TEMPER_ACT_SHORTEN: .shorten(factor: try factor())
      case TEMPER_ACT_DROP_SEQUENCES: .dropSequences(dropped)
      case TEMPER_ACT_SKIP_STEP: .skipStep
      case TEMPER_ACT_ROLL_BACK: .rollBack(factor: try factor())
      case TEMPER_ACT_STOP: .stop
      default:
        throw CallFailure("it finds the action \(found.action.rawValue), which there is not")
      }
  }
}
