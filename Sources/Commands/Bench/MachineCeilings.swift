import Foundation
import JSON
import Kernels
import Tensors

/// What the machine can do: the median of a quarter of a second's looks at each, so that what another
/// program takes for a moment does not count.
struct MachineCeilings: Sendable {
  /// Operations a second on one thread and on all.
  let oneThread: Double
  let allThreads: Double
  /// Bytes a second when all threads read a stretch of `bytes` again and again.
  let reading: [(bytes: Int, bytesPerSecond: Double)]

  /// - Parameter bytes: sizes to read; the last is large enough to come from memory.
  init(threads: Int, reading bytes: [Int]) {
    ThreadPool.resize(1)
    oneThread = Self.median { Ceilings.operationsPerSecond() }
    ThreadPool.resize(threads)
    allThreads = Self.median { Ceilings.operationsPerSecond() }
    // Written first: pages that nobody wrote are all the system's one page of zeros.
    let numbers = Storage<Float>(bytes.max()! / 4, zeroed: false)
    numbers.pointer.update(repeating: 1, count: numbers.count)
    reading = bytes.map { bytes in
      let part = UnsafeBufferPointer(start: numbers.pointer, count: bytes / 4)
      _ = Ceilings.bytesPerSecond(reading: part)
      return (bytes, Self.median { Ceilings.bytesPerSecond(reading: part) })
    }
  }

  private static func median(_ rate: () -> Double) -> Double {
    let begin = ContinuousClock.now
    var rates: [Double] = []
    repeat { rates.append(rate()) } while ContinuousClock.now - begin < .milliseconds(250)
    return rates.sorted()[rates.count / 2]
  }

  var json: JSONLiteral {
    [
      "one_thread": .double(oneThread), "all_threads": .double(allThreads),
      "reading": .array(
        reading.map {
          ["bytes": .int($0.bytes), "bytes_per_second": .double($0.bytesPerSecond)]
        }),
    ]
  }

  init(_ json: JSON) throws {
    oneThread = try json["one_thread"].requireDouble()
    allThreads = try json["all_threads"].requireDouble()
    reading = try json["reading"].requireArray().map {
      (try $0["bytes"].requireInt(), try $0["bytes_per_second"].requireDouble())
    }
  }
}
