import CPluginABI
import EntropyControl
import Foundation
import Metrics
import Trajectories

/// An entropy intervention behind a C table.
final class PluginIntervention: EntropyIntervention {
  let name: String
  let needs: InterventionNeeds
  private let instance: PluginInstance
  private let table: temper_entropy
  private let memory: PluginMemory

  /// Bytes that are kept of an old row.
  static let mostBytes = 4096

  init(_ instance: PluginInstance, _ info: PluginInfo) throws(PluginHostError) {
    (self.instance, name) = (instance, info.name)
    table = try temper_entropy(of: instance, info)
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
    return row.moment == TEMPER_MOMENT_OLD ? kept : []
  }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) throws -> [Bool] {
    instance.services.columns.begin(count: batch.count)
    guard let prepare = table.prepare else { return [] }
    let columns = TokenTable(batch, coefficients: coefficients, observed: observed)
    let changes = ShapingTable(batch, shaping)
    var position = temper_step(step)
    try attempt { error in
      changes.withPointer { shaping in
        withUnsafePointer(to: columns.tokens) { tokens in
          prepare(instance.pointer, &position, tokens, shaping, &error)
        }
      }
    }
    let wanted = changes.wantedRows
    guard wanted.isEmpty || table.differentiate != nil else {
      throw CallFailure("it wants rows, and has no function 'differentiate'")
    }
    changes.read(into: &batch, &shaping)
    return wanted
  }

  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) throws -> TokenAdditions {
    var added = TokenAdditions(count: run.count)
    guard let evaluate = table.evaluate else { return added }
    let columns = TokenTable(run, coefficients: coefficients, observed: observed)
    try attempt { error in
      added.withTable { additions in
        withUnsafePointer(to: columns.tokens) { tokens in
          evaluate(instance.pointer, tokens, first, additions, &error)
        }
      }
    }
    return added
  }

  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    guard let differentiate = table.differentiate else { return 0 }
    var row = temper_row(row)
    var loss = 0.0
    try attempt { error in
      bytes.withTemperText { text in
        differentiate(
          instance.pointer, &row, token, coefficient, text, &loss, gradient.baseAddress, &error)
      }
    }
    return loss
  }

  func takeMetrics() -> StepMetrics { instance.services.takeMetrics() }

  func takeColumns() -> [TokenColumn] {
    instance.services.columns.take().map { TokenColumn("\(name)/\($0.name)", $0.values) }
  }

  func saveState() throws -> Data? { try memory.save() }
  func restoreState(_ state: Data) throws { try memory.restore(state) }
}

extension temper_row {
  init(_ row: LogprobRow) {
    self.init(
      size: UInt32(MemoryLayout<temper_row>.size),
      moment: row.moment == .old ? TEMPER_MOMENT_OLD : TEMPER_MOMENT_CURRENT, token: row.token,
      logprob: row.logprob, entropy: row.entropy, logprobs: row.logprobs.baseAddress,
      vocabulary: row.logprobs.count)
  }
}

extension temper_step {
  init(_ step: StepPosition) {
    self.init(
      size: UInt32(MemoryLayout<temper_step>.size), clip_is_explicit: step.clipIsExplicit ? 1 : 0,
      step: UInt64(step.step), total_steps: UInt64(step.totalSteps), rollout: UInt64(step.rollout),
      update: UInt64(step.update), temperature: step.temperature, clip_low: step.clipLow,
      clip_high: step.clipHigh, dual_clip: step.dualClip ?? .infinity)
  }
}

extension TokenAdditions {
  fileprivate mutating func withTable(
    _ body: (UnsafeMutablePointer<temper_additions>) -> temper_status
  ) -> temper_status {
    phi.withUnsafeMutableBufferPointer { phi in
      dLogprob.withUnsafeMutableBufferPointer { dLogprob in
        dEntropy.withUnsafeMutableBufferPointer { dEntropy in
          var table = temper_additions(
            size: UInt32(MemoryLayout<temper_additions>.size), phi: phi.baseAddress,
            dlogprob: dLogprob.baseAddress, dentropy: dEntropy.baseAddress)
          return body(&table)
        }
      }
    }
  }
}
