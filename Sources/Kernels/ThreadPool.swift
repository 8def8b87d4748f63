import CKernels

/// The one pool of threads that all kernels share; the caller is one of them.
///
/// Results never depend on the number of threads. Starts with the cores that the process may use,
/// or `TEMPER_THREADS`; idle workers spin for `TEMPER_SPIN_US` (50) microseconds, then sleep.
public enum ThreadPool {
  /// How many threads work, the caller included.
  public static var threads: Int { Int(tk_pool_threads()) }

  /// Stops the workers and starts `threads - 1` new ones. Waits for a region that runs.
  public static func resize(_ threads: Int) {
    precondition(threads >= 1, "a pool of \(threads) threads")
    tk_pool_resize(Int32(clamping: threads))
  }

  /// Runs `body(i)` for every `i` in `0..<count`, in any order, on the pool; returns when all are
  /// done. Inside a body, `parallel` runs its own bodies one after another.
  public static func parallel(_ count: Int, _ body: (Int) -> Void) {
    precondition(count >= 0 && count <= 1 << 30, "\(count) tasks")
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        let context = UnsafeMutableRawPointer(mutating: pointer)
        tk_parallel(
          Int64(count),
          { context, index in
            context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
          }, context)
      }
    }
  }

  /// Room for `count` floats of a body's own, contents undefined: the calling thread's, valid until
  /// that thread asks again. No kernel uses it.
  public static func room(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: tk_room(Int64(count)), count: count)
  }
}
