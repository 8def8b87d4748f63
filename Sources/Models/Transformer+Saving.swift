import Foundation

extension Transformer {
  /// Writes the masters as a model folder that transformers loads with the same logits.
  ///
  /// - Parameter dtype: float32, or bfloat16, which rounds.
  public func write(
    to folder: URL, as dtype: Safetensors.DType, generation: GenerationConfiguration?
  ) throws {
    precondition(!parameters.isEmpty, "a model loaded for inference keeps no masters to write")
    let tensors = parameters.map { parameter in
      Safetensors.Tensor(
        name: parameter.name, shape: parameter.shape, base: parameter.value.pointer)
    }
    try ModelFolder.write(
      configuration, tensors: tensors, as: dtype, to: folder, generation: generation)
  }
}
