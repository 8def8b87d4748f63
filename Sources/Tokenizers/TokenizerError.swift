/// Why a tokenizer cannot be loaded.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
  /// A folder without tokenizer files.
  case missing(folder: String)
  /// A stage of the pipeline that is not known: `place` is file and key.
  case unsupported(place: String, stage: String, type: String, supported: [String])
  /// A regular expression that has no scanner here.
  case pattern(place: String, expression: String)
  /// A value that makes no tokenizer.
  case invalid(place: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let folder):
      "\(folder): there is no tokenizer.json and no tokenizer.model; copy one of them there"
    case .unsupported(let place, let stage, let type, let supported):
      """
      \(place): the \(stage) '\(type)' is not supported; \
      supported are \(supported.joined(separator: ", "))
      """
    case .pattern(let place, let expression):
      """
      \(place): the regular expression '\(expression)' is not supported; \
      supported are those of GPT-2, Qwen2 and Llama 3
      """
    case .invalid(let place, let reason):
      "\(place): \(reason)"
    }
  }
}
