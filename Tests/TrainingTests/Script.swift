import Detectors
import Foundation
import Metrics
import Synchronization
import Trajectories

@testable import Training

/// A detector that does what a test says, and counts its looks.
final class Script: Detector {
  let name: String
  let needs: DetectorNeeds
  private let act: @Sendable (Observation) throws -> DetectorAction
  private let looks = Mutex(0)

  init(
    _ name: String = "script", needs: DetectorNeeds,
    act: @escaping @Sendable (Observation) throws -> DetectorAction = { _ in .none }
  ) {
    (self.name, self.needs, self.act) = (name, needs, act)
  }

  /// Looks at some events, and wants nothing.
  convenience init(
    _ name: String = "script", at events: Set<DetectionEvent>,
    act: @escaping @Sendable (Observation) throws -> DetectorAction = { _ in .none }
  ) {
    var needs = DetectorNeeds()
    needs.events = events
    self.init(name, needs: needs, act: act)
  }

  var lookCount: Int { looks.withLock(\.self) }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) -> [UInt8] {
    for index in floats.indices { floats[index] = row.logprob * Float(index + 1) }
    return [1]
  }

  func detect(_ observation: Observation) throws -> Finding {
    looks.withLock { $0 += 1 }
    return Finding(try act(observation), reason: "as the script says")
  }

  func takeMetrics() -> StepMetrics {
    [MetricName(rawValue: "\(name)/looks")!: Double(lookCount)]
  }
  func saveState() -> Data? { Data("\(lookCount)".utf8) }
  func restoreState(_ state: Data) {
    looks.withLock { $0 = Int(String(decoding: state, as: UTF8.self))! }
  }
}

extension Watch {
  /// One detector that may do anything.
  convenience init(
    _ detector: any Detector, limit: DetectorAction.Kind = .stop, snapshotEvery: Int = 2
  ) throws {
    var settings = Settings()
    settings.snapshotEvery = snapshotEvery
    self.init(try DetectorSet([.init(detector, limit: limit)]), settings: settings)
  }
}
