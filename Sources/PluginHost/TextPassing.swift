import CPluginABI

/// A text as C takes it, for the length of `body`.
func withText<Result, Failure: Error>(
  _ text: String, _ body: (temper_text) throws(Failure) -> Result
) throws(Failure) -> Result {
  let bytes = Array(text.utf8)
  return try bytes.span.withUnsafeBufferPointer { bytes throws(Failure) in
    try bytes.withMemoryRebound(to: CChar.self) { text throws(Failure) in
      try body(temper_text(data: text.baseAddress, size: text.count))
    }
  }
}

/// All text that `body` lets a plugin write.
func collecting<Failure: Error>(
  _ body: (temper_sink) throws(Failure) -> Void
) throws(Failure) -> String {
  var kept: [UInt8] = []
  try withUnsafeMutablePointer(to: &kept) { kept throws(Failure) in
    try body(
      temper_sink(context: kept) { context, data, size in
        guard let data else { return }
        context!.assumingMemoryBound(to: [UInt8].self).pointee += UnsafeRawBufferPointer(
          start: data, count: size)
      })
  }
  return String(decoding: kept, as: UTF8.self)
}
