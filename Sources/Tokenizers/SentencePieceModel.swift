import CSentencePiece
import Foundation
import JSON

/// A SentencePiece model (Kudo and Richardson 2018, arXiv:1808.06226), run by libsentencepiece.
///
/// White space, normalisation and byte fallback are the library's business, as the model file says.
final class SentencePieceModel: @unchecked Sendable {
  private let model: OpaquePointer
  let size: Int
  let unkID: Int32
  let bosID: Int32
  let eosID: Int32
  let padID: Int32

  init(contentsOf file: URL) throws {
    let map = try FileBytes(of: file)
    var message = [CChar](repeating: 0, count: 512)
    let loaded = withExtendedLifetime(map) {
      csp_load(map.bytes.baseAddress, map.bytes.count, &message, message.count)
    }
    guard let model = loaded else {
      throw TokenizerError.invalid(
        place: file.path, reason: "it is no SentencePiece model: \(Self.text(message))")
    }
    self.model = model
    size = Int(csp_size(model))
    (unkID, bosID) = (csp_unk_id(model), csp_bos_id(model))
    (eosID, padID) = (csp_eos_id(model), csp_pad_id(model))
  }

  deinit { csp_free(model) }

  /// Appends the best segmentation of `text`; never a sampled one.
  func append(_ text: Bytes, to ids: inout [Int32]) {
    text.withMemoryRebound(to: CChar.self) { text in
      calling { message, capacity in
        withUnsafeMutablePointer(to: &ids) { ids in
          csp_encode(
            model, text.baseAddress, text.count,
            { context, found, count in
              context!.assumingMemoryBound(to: [Int32].self).pointee
                .append(contentsOf: UnsafeBufferPointer(start: found, count: count))
            }, ids, message, capacity)
        }
      }
    }
  }

  /// The text of `ids`, each in `0..<size`.
  func decode(_ ids: [Int32]) -> String {
    var result = ""
    calling { message, capacity in
      withUnsafeMutablePointer(to: &result) { result in
        csp_decode(
          model, ids, ids.count,
          { context, text, count in
            let bytes = UnsafeRawBufferPointer(start: text, count: count)
            context!.assumingMemoryBound(to: String.self).pointee =
              String(decoding: bytes, as: UTF8.self)
          }, result, message, capacity)
      }
    }
    return result
  }

  /// The piece of an id; `nil` outside of `0..<size`.
  func piece(_ id: Int32) -> String? {
    guard contains(id) else { return nil }
    var count = 0
    let start = csp_piece(model, id, &count)
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func id(of piece: String) -> Int32? {
    var piece = piece
    let id = piece.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { csp_id(model, $0.baseAddress, $0.count) }
    }
    // The library answers with the unknown piece for whatever it does not know.
    if id == unkID, self.piece(id).map({ Array($0.utf8) != Array(piece.utf8) }) ?? true {
      return nil
    }
    return id
  }

  func isControl(_ id: Int32) -> Bool { contains(id) && csp_is_control(model, id) != 0 }
  func contains(_ id: Int32) -> Bool { id >= 0 && Int(id) < size }

  /// Runs a call that fails only when the library is out of memory or broken.
  private func calling(_ body: (UnsafeMutablePointer<CChar>, Int) -> Int32) {
    var message = [CChar](repeating: 0, count: 512)
    let status = message.withUnsafeMutableBufferPointer { body($0.baseAddress!, $0.count) }
    precondition(status == 0, "libsentencepiece: \(Self.text(message))")
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
