import CPluginABI
import Foundation

/// Calls a plugin; its sentence is thrown where it fails.
func attempt(_ call: (inout temper_error) -> temper_status) throws(CallFailure) {
  var error = temper_error()
  let status = call(&error)
  guard status == TEMPER_OK else { throw CallFailure(error.text(status)) }
}

/// Calls a plugin with a sink that keeps everything.
func withSink(
  _ call: (temper_sink, inout temper_error) -> temper_status
) throws(CallFailure) -> [UInt8] {
  var kept: [UInt8] = []
  var error = temper_error()
  let status = withUnsafeMutablePointer(to: &kept) { kept in
    let sink = temper_sink(context: kept) { context, data, size in
      guard let data else { return }
      context!.assumingMemoryBound(to: [UInt8].self).pointee += UnsafeRawBufferPointer(
        start: data, count: size)
    }
    return call(sink, &error)
  }
  guard status == TEMPER_OK else { throw CallFailure(error.text(status)) }
  return kept
}

/// What a plugin says of a call that failed; the caller knows which plugin and which call.
struct CallFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension [UInt8] {
  /// The bytes as C takes them, for the length of `body`.
  func withTemperText<Result>(_ body: (temper_text) -> Result) -> Result {
    withUnsafeBytes { bytes in
      body(
        temper_text(
          data: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), size: bytes.count))
    }
  }
}
