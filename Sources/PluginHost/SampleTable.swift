import CPluginABI
import Verifiers

/// Samples as the C table takes them: pointers to structs, all text in one block.
enum SampleTable {
  static func withTable<Result>(
    of samples: [VerifierSample],
    _ body: (UnsafePointer<UnsafePointer<temper_sample>?>) -> Result
  ) -> Result {
    var text: [UInt8] = []
    text.reserveCapacity(
      samples.reduce(0) { $0 + $1.row.utf8.count + $1.prompt.utf8.count + $1.completion.utf8.count }
    )
    var tokens: [Int32] = []
    for sample in samples {
      text += sample.row.utf8
      text += sample.prompt.utf8
      text += sample.completion.utf8
      tokens += sample.tokens
    }
    return text.withUnsafeBytes { text in
      tokens.withUnsafeBufferPointer { tokens in
        var cursor = Cursor(text: text, tokens: tokens)
        return samples.map { cursor.next($0) }.withUnsafeBufferPointer { structs in
          structs.indices.map { Optional(structs.baseAddress! + $0) }
            .withUnsafeBufferPointer { body($0.baseAddress!) }
        }
      }
    }
  }

  /// Cuts the blocks into samples, in the order in which they were put together.
  private struct Cursor {
    var text: UnsafeRawBufferPointer
    var tokens: UnsafeBufferPointer<Int32>

    mutating func next(_ sample: VerifierSample) -> temper_sample {
      temper_sample(
        size: UInt32(MemoryLayout<temper_sample>.size), row: take(sample.row),
        prompt: take(sample.prompt), completion: take(sample.completion),
        tokens: take(sample.tokens.count), token_count: sample.tokens.count)
    }

    private mutating func take(_ string: String) -> temper_text {
      let part = text.prefix(string.utf8.count)
      text = UnsafeRawBufferPointer(rebasing: text.dropFirst(part.count))
      let data = UnsafeRawBufferPointer(rebasing: part).assumingMemoryBound(to: CChar.self)
      return temper_text(data: data.baseAddress, size: part.count)
    }

    private mutating func take(_ count: Int) -> UnsafePointer<Int32>? {
      let part = UnsafeBufferPointer(rebasing: tokens.prefix(count))
      tokens = UnsafeBufferPointer(rebasing: tokens.dropFirst(count))
      return part.baseAddress
    }
  }
}
