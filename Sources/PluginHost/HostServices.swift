import CPluginABI
import Foundation
import Metrics
import Synchronization
import Tensors

/// What a run gives to its plugins.
public struct PluginSurroundings: Sendable {
  public enum LogLevel: Int, Sendable, Comparable {
    case debug, info, warning, error
    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
  }

  /// The run's seed, part of every random number that a plugin draws.
  public var seed: UInt64
  /// Whether programs may run with limits alone where no sandbox can be had: sets the key
  /// `allow_unsandboxed` of every plugin that has one.
  public var allowsUnsandboxed: Bool
  /// The policy's, for plugins that read or write text; `nil` where there is none.
  public var tokenizer: (any PluginTokenizer)?
  /// Takes one line of the plugin called `name`, on any thread.
  public var log: @Sendable (_ level: LogLevel, _ name: String, _ line: String) -> Void

  /// - Parameter log: by default, lines from `info` up go to standard error.
  public init(
    seed: UInt64 = 0, allowsUnsandboxed: Bool = false,
    tokenizer: (any PluginTokenizer)? = nil,
    log: @escaping @Sendable (LogLevel, String, String) -> Void = { level, name, line in
      guard level >= .info else { return }
      // What cannot be said, to a closed pipe or on a full disk, must not end a run.
      try? FileHandle.standardError.write(contentsOf: Data("\(name): \(line)\n".utf8))
    }
  ) {
    (self.seed, self.allowsUnsandboxed) = (seed, allowsUnsandboxed)
    (self.tokenizer, self.log) = (tokenizer, log)
  }
}

/// The host of one instance: what stands behind its `temper_host`.
final class HostServices: @unchecked Sendable {  // the pointer is constant, the rest is locked
  let name: String
  let surroundings: PluginSurroundings
  let random: CounterRandom
  let columns = ReportedColumns()
  private let kind: PluginKind?
  private(set) var pointer: UnsafeMutablePointer<temper_host>
  private let recorded = Mutex<[String: [Double]]>([:])

  init(_ info: PluginInfo, _ surroundings: PluginSurroundings) {
    (name, kind) = (info.name, PluginKind(table: info.kind))
    self.surroundings = surroundings
    random = CounterRandom(seed: surroundings.seed ^ hash(info.id), purpose: .plugin)
    pointer = .allocate(capacity: 1)
    pointer.initialize(
      to: temper_host(
        size: UInt32(MemoryLayout<temper_host>.size), abi_major: TEMPER_ABI_MAJOR,
        abi_minor: TEMPER_ABI_MINOR, context: Unmanaged.passUnretained(self).toOpaque(),
        service: { HostServices.behind($0).service(String(cString: $1!)) }))
  }

  deinit { pointer.deallocate() }

  static func behind(_ host: UnsafePointer<temper_host>?) -> HostServices {
    Unmanaged.fromOpaque(host!.pointee.context!).takeUnretainedValue()
  }

  /// The table of a service, or `nil` where a plugin of this kind has no use for it here.
  private func service(_ id: String) -> UnsafeRawPointer? {
    switch id {
    case TEMPER_SERVICE_LOG: UnsafeRawPointer(logService)
    case TEMPER_SERVICE_METRICS: UnsafeRawPointer(metricsService)
    case TEMPER_SERVICE_RANDOM: UnsafeRawPointer(randomService)
    case TEMPER_SERVICE_COLUMNS where kind == .entropy: UnsafeRawPointer(columnsService)
    case TEMPER_SERVICE_TOKENIZER where surroundings.tokenizer != nil:
      UnsafeRawPointer(tokenizerService)
    default: nil
    }
  }

  func record(_ quantity: String, _ value: Double) {
    recorded.withLock { $0[quantity, default: []].append(value) }
  }

  /// The mean of what was recorded under each name since the last call, by name.
  ///
  /// Values are summed in sorted order, since the order in which threads report them is chance.
  func takeMeans() -> [(quantity: String, mean: Double)] {
    let values = recorded.withLock { recorded in
      defer { recorded = [:] }
      return recorded
    }
    return values.sorted { $0.key < $1.key }.map { quantity, values in
      (quantity, values.sorted().reduce(0, +) / Double(values.count))
    }
  }

  /// The same as metrics `<name>/<quantity>`.
  func takeMetrics() -> StepMetrics {
    takeMeans().reduce(into: StepMetrics()) { metrics, recorded in
      // Of a name that is none, what may stand in one.
      let metric =
        MetricName(rawValue: "\(name)/\(recorded.quantity)")
        ?? MetricName(rawValue: "\(name)/\(recorded.quantity.filter(\.isLetter))")
        ?? "plugin/unnamed"
      metrics[metric] = recorded.mean
    }
  }
}

nonisolated(unsafe) private let logService = constant(
  temper_log_service(
    size: UInt32(MemoryLayout<temper_log_service>.size),
    write: { host, level, line in
      let services = HostServices.behind(host)
      let level = PluginSurroundings.LogLevel(rawValue: Int(level.rawValue)) ?? .info
      services.surroundings.log(level, services.name, String(line))
    }))

nonisolated(unsafe) private let metricsService = constant(
  temper_metrics_service(
    size: UInt32(MemoryLayout<temper_metrics_service>.size),
    record: { host, name, value in
      HostServices.behind(host).record(String(cString: name!), value)
    }))

nonisolated(unsafe) private let randomService = constant(
  temper_random_service(
    size: UInt32(MemoryLayout<temper_random_service>.size),
    bits: { host, stream, counter in
      func low(_ value: UInt64) -> Int { Int(value & 0xFFFF_FFFF) }
      let bits = HostServices.behind(host).random.bits(
        low(stream), low(stream >> 32), low(counter), low(counter >> 32))
      return UInt64(bits[0]) << 32 | UInt64(bits[1])
    }))

func constant<Table>(_ table: Table) -> UnsafePointer<Table> {
  let pointer = UnsafeMutablePointer<Table>.allocate(capacity: 1)
  pointer.initialize(to: table)
  return UnsafePointer(pointer)
}

/// FNV-1a, the same on every machine.
private func hash(_ text: String) -> UInt64 {
  text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

extension String {
  init(_ text: temper_text) {
    let bytes = UnsafeRawBufferPointer(start: text.data, count: text.data == nil ? 0 : text.size)
    self = String(decoding: bytes, as: UTF8.self)
  }
}
