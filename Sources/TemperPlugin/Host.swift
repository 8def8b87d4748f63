import CPluginABI

/// The host's services. Every call is cheap and safe from any thread, and does nothing where the
/// host lacks the service.
public struct Host: @unchecked Sendable {
  private let host: UnsafePointer<temper_host>
  private let logger: UnsafePointer<temper_log_service>?
  private let metrics: UnsafePointer<temper_metrics_service>?
  private let randomness: UnsafePointer<temper_random_service>?

  init(_ host: UnsafePointer<temper_host>) {
    func service<Table>(_ id: String) -> UnsafePointer<Table>? {
      host.pointee.service(host, id)?.assumingMemoryBound(to: Table.self)
    }
    self.host = host
    logger = service(TEMPER_SERVICE_LOG)
    metrics = service(TEMPER_SERVICE_METRICS)
    randomness = service(TEMPER_SERVICE_RANDOM)
  }

  public enum LogLevel: Sendable { case debug, info, warning, error }

  /// Writes one line to the host's log, which marks it with the plugin's name.
  public func log(_ line: String, level: LogLevel = .info) {
    guard let logger else { return }
    let level =
      switch level {
      case .debug: TEMPER_LOG_DEBUG
      case .info: TEMPER_LOG_INFO
      case .warning: TEMPER_LOG_WARNING
      case .error: TEMPER_LOG_ERROR
      }
    line.withTemperText { logger.pointee.write(host, level, $0) }
  }

  /// Reports a scalar, recorded as `<plugin's name>/<name>` and averaged over a step: for a share,
  /// report ones and zeros.
  public func record(_ name: String, _ value: Double) { metrics?.pointee.record(host, name, value) }

  /// 64 random bits: a pure function of the run's seed, the plugin's id, `stream` and `counter`.
  /// Zero where the host has no randomness.
  public func randomBits(stream: UInt64, counter: UInt64) -> UInt64 {
    randomness?.pointee.bits(host, stream, counter) ?? 0
  }
}

extension String {
  func withTemperText(_ body: (temper_text) -> Void) {
    var copy = self
    copy.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) {
        body(temper_text(data: $0.baseAddress, size: $0.count))
      }
    }
  }
}
