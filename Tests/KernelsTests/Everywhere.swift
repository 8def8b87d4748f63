import Kernels
import Synchronization
import Tensors
import Testing

/// Runs `body` on every instruction set that this machine has, with 1, 2 and 3 threads each.
func everywhere<Result>(_ body: () -> Result) -> [Result] {
  InstructionSet.available.flatMap { set in
    set.run { [1, 2, 3].map { threads in withThreads(threads, body) } }
  }
}

/// One result for each instruction set, with 1, 2 and 3 threads: for kernels whose bits may differ
/// between instruction sets.
func onEachThreadCount<Result>(_ body: () -> Result) -> [[Result]] {
  InstructionSet.available.map { set in
    set.run { [1, 2, 3].map { threads in withThreads(threads, body) } }
  }
}

private func withThreads<Result>(_ threads: Int, _ body: () -> Result) -> Result {
  let before = ThreadPool.threads
  ThreadPool.resize(threads)
  defer { ThreadPool.resize(before) }
  return body()
}

extension InstructionSet {
  fileprivate func run<Result>(_ body: () -> Result) -> Result {
    let before = InstructionSet.current
    select()
    defer { before.select() }
    return body()
  }
}

/// Numbers compared by their bits, so that NaN equals itself and 0 is not -0.
struct Bits: Equatable {
  let words: [UInt32]
  init(_ values: [Float]) { words = values.map(\.bitPattern) }
}

/// `count` normal numbers.
func normals(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
  let random = CounterRandom(seed: seed, purpose: .check)
  return (0..<count).map { Float(random.normal($0)) * scale }
}

/// A matrix and its storage, which is kept until the process ends: a ``Matrix`` only borrows, and
/// tests like to pass temporaries.
struct Table {
  let storage: Storage<Float>
  let matrix: Matrix

  init(_ values: [Float], rows: Int) {
    self.init(Storage(values), rows: rows)
  }

  init(rows: Int, columns: Int) {
    self.init(Storage(rows * columns), rows: rows)
  }

  private init(_ storage: Storage<Float>, rows: Int) {
    self.storage = storage
    matrix = storage.matrix(rows: rows, columns: rows == 0 ? 0 : storage.count / rows)
    Self.kept.withLock { $0.append(storage) }
  }

  private static let kept = Mutex<[Storage<Float>]>([])

  var array: [Float] { storage.array }
}

func dot(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The largest distance between `gradient` and central differences of `function`, relative to the
/// largest component. `function` is computed in float, so that a step of 1e-2 leaves errors of
/// some 1e-5 from rounding and 1e-4 from curvature.
func gradientError(
  at point: [Float], gradient: [Float], step: Float = 1e-2, of function: ([Float]) -> Double
) -> Double {
  var moved = point
  var worst = 0.0
  for index in point.indices {
    let ends = (point[index] - step, point[index] + step)
    moved[index] = ends.0
    let low = function(moved)
    moved[index] = ends.1
    let high = function(moved)
    moved[index] = point[index]
    let slope = (high - low) / Double(ends.1 - ends.0)
    worst = max(worst, abs(slope - Double(gradient[index])))
  }
  return worst / Double(gradient.map(abs).max() ?? 1)
}
