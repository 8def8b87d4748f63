import CKernels

/// What the machine can do at most, to hold a kernel's time against.
///
/// On a machine that others use too these move from second to second: measure them beside the
/// kernel, in turns, and compare within a turn.
public enum Ceilings {
  /// Floating-point operations a second in registers, on the whole pool and the instruction set
  /// in use: a multiply-add counts as two.
  public static func operationsPerSecond() -> Double {
    let tasks = ThreadPool.threads * 4
    let steps = 500  // 2,048 operations each: a millisecond or less
    let seconds = time { tk_ceiling_multiply(Int64(tasks), Int64(steps)) }
    return Double(tasks * steps * 2048) / seconds
  }

  /// Bytes a second when the pool reads `numbers` once, from wherever they lie: from memory, or
  /// from the smallest cache that holds them when they were read before.
  public static func bytesPerSecond(reading numbers: UnsafeBufferPointer<Float>) -> Double {
    // A task reads at least 4 KiB, and whole lines.
    let tasks = max(1, min(ThreadPool.threads * 8, numbers.count / 1024))
    let each = numbers.count / tasks / 64 * 64
    precondition(each > 0, "\(numbers.count) numbers are too few to time; 64 are the least")
    let seconds = time { tk_ceiling_read(numbers.baseAddress, Int64(tasks), Int64(each)) }
    return Double(tasks * each * MemoryLayout<Float>.stride) / seconds
  }

  static func time(_ body: () -> Void) -> Double {
    let duration = ContinuousClock().measure(body).components
    return Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
  }
}
