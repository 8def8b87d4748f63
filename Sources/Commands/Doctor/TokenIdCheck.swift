import JSON
import Models
import Tokenizers

/// Ids that one of tokenizer and model has and the other has not.
struct TokenIdCheck {
  let folder: ModelFolder
  let tokenizer: Tokenizer

  init(_ folder: ModelFolder, _ tokenizer: Tokenizer) {
    (self.folder, self.tokenizer) = (folder, tokenizer)
  }

  var finding: Finding {
    let (rows, ids) = (folder.configuration.vocabularySize, tokenizer.size)
    let details: JSONLiteral = ["model_ids": .int(rows), "tokenizer_ids": .int(ids)]
    guard ids <= rows else {
      return Finding(
        "token ids", .fault,
        "the tokenizer has \(ids) ids and the model \(rows) rows: a prompt with one of the last "
          + "\(ids - rows) cannot be read",
        remedy: "tokenizer and weights come from different folders; put the model's own tokenizer "
          + "beside its weights", details: details)
    }
    let generation = folder.generation
    let named = [
      ("bos_token_id", generation.beginTokenID), ("pad_token_id", generation.padTokenID),
    ]
    let beyond = named.filter { ($0.1 ?? 0) >= ids }
    guard beyond.isEmpty else {
      let words = beyond.map { "\($0.0) is \($0.1!)" }.joined(separator: ", ")
      return Finding(
        "token ids", .warning, "\(words), and the tokenizer has ids up to \(ids - 1)",
        remedy: "correct config.json or generation_config.json", details: details)
    }
    return Finding(
      "token ids", .ok,
      rows == ids
        ? "\(ids), as many as the model has rows"
        : "\(ids) of the model's \(rows) rows; the others are never sampled", details: details)
  }
}
