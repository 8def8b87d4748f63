import CPluginABI

/// The host's services. Every call is cheap and safe from any thread, and does nothing where the
/// host lacks the service.
public struct Host: @unchecked Sendable {
  private let host: UnsafePointer<temper_host>
  private let logger: UnsafePointer<temper_log_service>?
  private let metrics: UnsafePointer<temper_metrics_service>?
  private let randomness: UnsafePointer<temper_random_service>?
  private let columns: UnsafePointer<temper_columns_service>?
  /// The policy's tokenizer; `nil` where the host works without one.
  public let tokenizer: Tokenizer?

  init(_ host: UnsafePointer<temper_host>) {
    func service<Table>(_ id: String) -> UnsafePointer<Table>? {
      host.pointee.service(host, id)?.assumingMemoryBound(to: Table.self)
    }
    self.host = host
    logger = service(TEMPER_SERVICE_LOG)
    metrics = service(TEMPER_SERVICE_METRICS)
    randomness = service(TEMPER_SERVICE_RANDOM)
    columns = service(TEMPER_SERVICE_COLUMNS)
    tokenizer = service(TEMPER_SERVICE_TOKENIZER).map { Tokenizer(host: host, table: $0) }
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

  /// Reports numbers of the step's tokens from `first` on as the column `<plugin's name>/<column>`,
  /// for the rollout log and `temper inspect`; what is never set is NaN. For an intervention, from
  /// `prepare`, `evaluate` and `differentiate`.
  public func set(column: String, first: Int = 0, _ values: UnsafeBufferPointer<Float>) {
    columns?.pointee.set(host, column, first, values.baseAddress, values.count)
  }

  public func set(column: String, first: Int = 0, _ values: [Float]) {
    values.withUnsafeBufferPointer { set(column: column, first: first, $0) }
  }
}

/// The policy's tokenizer.
public struct Tokenizer: @unchecked Sendable {
  fileprivate let host: UnsafePointer<temper_host>
  fileprivate let table: UnsafePointer<temper_tokenizer_service>

  /// One more than the largest id.
  public var vocabularySize: Int { Int(table.pointee.vocabulary_size(host)) }

  /// The ids of a text, without special tokens around it.
  public func encode(_ text: String) -> [Int32] {
    var ids = [Int32](repeating: 0, count: text.utf8.count)
    var count = 0
    func fill() {
      text.withTemperText { count = table.pointee.encode(host, $0, &ids, ids.count) }
    }
    fill()
    if count > ids.count {
      ids = Array(repeating: 0, count: count)
      fill()
    }
    return Array(ids.prefix(count))
  }

  /// The text of ids, special tokens included.
  public func decode(_ ids: [Int32]) -> String {
    var bytes: [UInt8] = []
    withUnsafeMutablePointer(to: &bytes) { bytes in
      let sink = temper_sink(context: bytes) { context, data, size in
        let bytes = context!.assumingMemoryBound(to: [UInt8].self)
        bytes.pointee += UnsafeRawBufferPointer(start: data, count: size)
      }
      table.pointee.decode(host, ids, ids.count, sink)
    }
    return String(decoding: bytes, as: UTF8.self)
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
