/// What is wrong with the files of a model folder.
public enum ModelFileError: Error, Equatable {
  /// A value of `config.json` that cannot be run as it says.
  case unsupported(file: String, key: String, value: String, supported: String)
  case missingKey(file: String, key: String)
  case invalid(file: String, key: String, value: String, expected: String)
  /// A weight or index file that contradicts itself.
  case damaged(file: String, reason: String)
  case noWeights(folder: String)
  case missingTensors(in: String, names: [String])
  case dtype(file: String, tensor: String, dtype: String)
  case shape(file: String, tensor: String, found: [Int], expected: [Int])
  case nonFinite(file: String, tensor: String, element: [Int], value: String)
  case unwritable(file: String, reason: String)
}

extension ModelFileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let file, let key, let value, let supported):
      "\(file): \(key) is \(value), which temper does not implement; \(supported)"
    case .missingKey(let file, let key):
      "\(file): \(key) is missing"
    case .invalid(let file, let key, let value, let expected):
      "\(file): \(key) is \(value); it must be \(expected)"
    case .damaged(let file, let reason):
      "\(file): \(reason)"
    case .noWeights(let folder):
      """
      \(folder): there is neither model.safetensors nor model.safetensors.index.json; give a \
      model's folder as Hugging Face lays it out
      """
    case .missingTensors(let file, ["lm_head.weight"]):
      """
      \(file): tensor lm_head.weight is missing; if the embedding is the head, config.json must \
      say "tie_word_embeddings": true
      """
    case .missingTensors(let file, let names):
      "\(file): \(Self.listing(names)); config.json asks for more than the weights hold"
    case .dtype(let file, let tensor, let dtype):
      """
      \(file): tensor \(tensor) is stored as \(dtype); temper reads weights stored as \
      F32, BF16, F16 or F64
      """
    case .shape(let file, let tensor, let found, let expected):
      """
      \(file): tensor \(tensor) is \(found); config.json makes it \(expected). The two are of \
      different models
      """
    case .nonFinite(let file, let tensor, let element, let value):
      "\(file): tensor \(tensor) holds \(value) at \(element); the weights are damaged: get them anew"
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason)"
    }
  }

  /// `3 tensors are missing: a, b, c`, with no more than the first few names.
  private static func listing(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
    return names.count == 1
      ? "tensor \(shown) is missing" : "\(names.count) tensors are missing: \(shown)\(rest)"
  }
}
