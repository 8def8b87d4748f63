import CKernels
import Kernels
import Tensors
import Testing

/// The suites that change the pool or the instruction set, which all of them share: one at a time.
@Suite(.serialized) enum SharedMachine {}

/// A matrix of a few written-out numbers, whose memory lives as long as the process.
func matrix(_ rows: Int, _ columns: Int, _ numbers: [Float]) -> Matrix {
  precondition(numbers.count == rows * columns)
  let base = UnsafeMutablePointer<Float>.allocate(capacity: max(1, numbers.count))
  base.initialize(from: numbers, count: numbers.count)
  return Matrix(base: base, rows: rows, columns: columns, stride: columns)
}

/// Numbers in -1...1 that depend on `seed` and their index alone.
func randomNumbers(_ count: Int, seed: UInt64) -> Storage<Float> {
  let random = CounterRandom(seed: seed, purpose: .check)
  return Storage((0..<count).map { Float(2 * random.uniform($0) - 1) })
}

/// A `[rows, columns]` matrix whose rows are `gap` elements apart, and what keeps it alive.
struct Sheet {
  let storage: Storage<Float>
  let matrix: Matrix

  init(rows: Int, columns: Int, gap: Int = 0, seed: UInt64? = nil) {
    let count = rows * (columns + gap)
    storage = seed.map { randomNumbers(count, seed: $0) } ?? Storage(count)
    matrix = Matrix(
      base: storage.pointer, rows: rows, columns: columns, stride: columns + gap)
  }

  var bits: [UInt32] { storage.array.map(\.bitPattern) }

  /// Where the bits, those between the rows too, first differ from another's; `nil` if nowhere.
  func firstDifference(from other: Sheet) -> Int? {
    zip(bits, other.bits).enumerated().first { $1.0 != $1.1 }?.offset
  }
}

func packed(
  outputs: Int, inputs: Int, type: PackedWeight.Precision, seed: UInt64
) -> PackedWeight {
  let weight = PackedWeight(outputs: outputs, inputs: inputs, type: type)
  let rows = Sheet(rows: outputs, columns: inputs, seed: seed)
  withExtendedLifetime(rows) { weight.pack(rows.matrix) }
  return weight
}

/// Runs `body` once for every instruction set that the machine has, and leaves the first one on.
func onEveryInstructionSet(_ body: (InstructionSet) throws -> Void) rethrows {
  let before = InstructionSet.current
  defer { before.select() }
  for set in InstructionSet.available {
    set.select()
    try body(set)
  }
}

/// Runs `body` with pools of 1, 2 and 3 threads, and restores the size.
func onEveryPool(_ body: (Int) throws -> Void) rethrows {
  let before = ThreadPool.threads
  defer { ThreadPool.resize(before) }
  for threads in 1...3 {
    ThreadPool.resize(threads)
    try body(threads)
  }
}
