import Glibc

// How numbers stand in the sentence of a finding.

/// Three significant digits: `0.0312`, `1.2e-05`, `450`.
public func short(_ value: Double) -> String {
  var buffer = [CChar](repeating: 0, count: 32)
  withVaList([value]) { _ = vsnprintf(&buffer, buffer.count, "%.3g", $0) }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// `12.5%`
public func percent(_ share: Double) -> String { "\(short(100 * share))%" }
