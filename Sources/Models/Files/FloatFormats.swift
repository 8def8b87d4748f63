// Between float32 and the formats that weights are stored in. The inner loops have no branches,
// so that the compiler turns them into vector instructions; sources need not be aligned.

extension Safetensors {
  /// Converts stored elements to float32: exactly, but for float64, which is rounded.
  ///
  /// - Parameters:
  ///   - source: the first of `output.count` stored elements, little-endian, of any alignment.
  static func decode(
    _ source: UnsafeRawPointer, _ dtype: DType, into output: UnsafeMutableBufferPointer<Float>
  ) {
    guard let out = output.baseAddress else { return }
    switch dtype {
    case .float32:
      UnsafeMutableRawPointer(out).copyMemory(from: source, byteCount: output.count * 4)
    case .bfloat16:
      for i in 0..<output.count {
        let bits = source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
        out[i] = Float(bitPattern: UInt32(bits) << 16)
      }
    case .float16:
      for i in 0..<output.count {
        out[i] = widened(half: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
      }
    case .float64:
      for i in 0..<output.count {
        let bits = source.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)
        out[i] = Float(Double(bitPattern: bits))
      }
    case .int64, .int32, .int16, .int8, .uint8, .bool:
      preconditionFailure("\(dtype.rawValue) elements are no weights")
    }
  }

  /// Rounds to bfloat16, to nearest and ties to even; a NaN stays one.
  static func encodeBFloat16(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutablePointer<UInt16>
  ) {
    for i in 0..<source.count { output[i] = narrowed(toBFloat16: source[i]) }
  }

  @inline(__always)
  static func narrowed(toBFloat16 value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16
    let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
    return UInt16(truncatingIfNeeded: isNaN ? (bits >> 16) | 0x40 : rounded)
  }

  /// IEEE binary16 to float32 by moving the exponent; subnormals are renormalised by a subtraction.
  @inline(__always)
  static func widened(half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7FFF) << 13
    let exponent = magnitude & 0x0F80_0000
    let isSpecial: UInt32 = exponent == 0x0F80_0000 ? 112 << 23 : 0  // infinity, NaN
    let normal = magnitude &+ (112 << 23) &+ isSpecial
    let subnormal = (Float(bitPattern: magnitude &+ (113 << 23)) - 0x1p-14).bitPattern
    return Float(bitPattern: (exponent == 0 ? subnormal : normal) | sign)
  }

  /// The index of the first NaN or infinity, or `nil`.
  static func firstNonFinite(in values: UnsafeBufferPointer<Float>) -> Int? {
    var largest: UInt32 = 0
    for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
    guard largest >= 0x7F80_0000 else { return nil }
    return values.firstIndex { !$0.isFinite }
  }
}
