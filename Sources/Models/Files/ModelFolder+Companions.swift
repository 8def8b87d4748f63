import Foundation
import JSON

extension ModelFolder {
  /// Files beside the weights that make a folder usable elsewhere.
  public static let companionNames = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
    GenerationConfiguration.fileName,
  ]

  /// Copies the tokenizer's files and the generation configuration, those that are there, from a
  /// model folder to another; links are copied as the files they lead to.
  ///
  /// - Throws: `JSONError` where one cannot be read; ``ModelFileError/unwritable(file:reason:)``.
  public static func copyCompanions(from source: URL, to destination: URL) throws {
    for name in companionNames {
      let file = source.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      let content = try FileBytes(of: file)
      try FileWriter.replace(destination.appending(path: name)) { writer in
        try writer.write(UnsafeRawBufferPointer(content.bytes))
      }
    }
  }
}
