import CPluginABI

/// The tokenizer that plugins are lent; called on any thread.
public protocol PluginTokenizer: Sendable {
  /// One more than the largest id.
  var vocabularySize: Int { get }
  /// The ids of a text, without special tokens around it.
  func encode(_ text: String) -> [Int32]
  /// The text of ids, special tokens included.
  func decode(_ ids: [Int32]) -> String
}

/// Served where the surroundings have a tokenizer.
nonisolated(unsafe) let tokenizerService = constant(
  temper_tokenizer_service(
    size: UInt32(MemoryLayout<temper_tokenizer_service>.size),
    vocabulary_size: { host in Int32(HostServices.behind(host).tokenizer.vocabularySize) },
    encode: { host, text, ids, capacity in
      let encoded = HostServices.behind(host).tokenizer.encode(String(text))
      if let ids { ids.update(from: encoded, count: min(capacity, encoded.count)) }
      return encoded.count
    },
    decode: { host, ids, count, out in
      let ids = Array(UnsafeBufferPointer(start: ids, count: count))
      var text = HostServices.behind(host).tokenizer.decode(ids)
      text.withUTF8 { utf8 in
        utf8.withMemoryRebound(to: CChar.self) { out.write(out.context, $0.baseAddress, $0.count) }
      }
    }))

extension HostServices {
  fileprivate var tokenizer: any PluginTokenizer { surroundings.tokenizer! }
}
