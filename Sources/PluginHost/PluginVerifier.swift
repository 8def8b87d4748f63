import CPluginABI
import Trajectories
import Verifiers

/// A verifier behind a C table.
final class PluginVerifier: Verifier {
  let name: String
  private let instance: PluginInstance
  nonisolated(unsafe) private let table: UnsafePointer<temper_verifier>  // constant

  init(_ instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    guard let table = instance.table(TEMPER_VERIFIER, as: temper_verifier.self),
      covers(table.pointee.size, \temper_verifier.judge), table.pointee.judge != nil
    else {
      throw .malformed(
        path: info.place, reason: "'\(info.name)' serves no table '\(TEMPER_VERIFIER)'")
    }
    (self.name, self.instance, self.table) = (info.name, instance, table)
  }

  func takeMetrics() -> [VerifierMetric] {
    instance.services.takeMeans().map { VerifierMetric("\(name)/\($0.quantity)", $0.mean) }
  }

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    guard !samples.isEmpty else { return [] }
    var error = temper_error()
    let replies = JudgementTable(count: samples.count)
    let status = SampleTable.withTable(of: samples) { table in
      self.table.pointee.judge(
        instance.pointer, table, samples.count, replies.pointers, &error)
    }
    guard status == TEMPER_OK else {
      let reason = error.text(status)
      return samples.map { _ in .failed(reason) }
    }
    return samples.indices.map { replies.judgement($0) }
  }
}
