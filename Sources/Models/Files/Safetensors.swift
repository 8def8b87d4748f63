/// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
///
/// https://github.com/huggingface/safetensors
public enum Safetensors {
  /// How a tensor's elements are stored, by the format's names.
  public enum DType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint8 = "U8"
    case bool = "BOOL"

    public var byteCount: Int {
      switch self {
      case .float64, .int64: 8
      case .float32, .int32: 4
      case .float16, .bfloat16, .int16: 2
      case .int8, .uint8, .bool: 1
      }
    }

    /// PyTorch's name, as in a `config.json`; `nil` where weights are never of this type.
    public var torchName: String? {
      switch self {
      case .float64: "float64"
      case .float32: "float32"
      case .float16: "float16"
      case .bfloat16: "bfloat16"
      default: nil
      }
    }
  }
}

/// The number of elements of `shape`, 1 for a scalar; `nil` beyond what an integer holds.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for dimension in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    if overflow || dimension < 0 { return nil }
    count = product
  }
  return count
}
