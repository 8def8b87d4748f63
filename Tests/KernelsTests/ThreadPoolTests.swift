import Foundation
import Kernels
import Synchronization
import Testing

extension SharedMachine {
  @Suite struct ThreadPoolTests {
    @Test(arguments: [0, 1, 2, 3, 100, 5000], [1, 2, 3, 7])
    func everyIndexRunsOnce(count: Int, threads: Int) {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      ThreadPool.resize(threads)
      #expect(ThreadPool.threads == threads)
      let runs = Mutex([Int](repeating: 0, count: count))
      ThreadPool.parallel(count) { index in runs.withLock { $0[index] += 1 } }
      #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func twoThreadsWorkAtOnce() {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      ThreadPool.resize(2)
      // Each task waits for the other to arrive, which one thread alone would never see.
      let arrived = Atomic(0)
      ThreadPool.parallel(2) { _ in
        arrived.add(1, ordering: .sequentiallyConsistent)
        while arrived.load(ordering: .sequentiallyConsistent) < 2 { usleep(10) }
      }
      #expect(arrived.load(ordering: .sequentiallyConsistent) == 2)
    }

    @Test func innerRegionsRunInOrderOnTheirThread() {
      onEveryPool { _ in
        let orders = Mutex([[Int]](repeating: [], count: 8))
        ThreadPool.parallel(8) { outer in
          let thread = pthread_self()
          ThreadPool.parallel(50) { inner in
            #expect(pthread_equal(thread, pthread_self()) != 0)
            orders.withLock { $0[outer].append(inner) }
          }
        }
        #expect(orders.withLock { $0.allSatisfy { $0 == Array(0..<50) } })
      }
    }

    @Test func callersTakeTurnsWhileThePoolIsResized() {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      let total = Atomic(0)
      let callers = (0..<3).map { _ in
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
          for _ in 0..<300 {
            ThreadPool.parallel(7) { total.add($0, ordering: .relaxed) }
          }
          done.signal()
        }
        return done
      }
      for size in [2, 1, 3, 2, 4, 1] { ThreadPool.resize(size) }
      for caller in callers { caller.wait() }
      #expect(total.load(ordering: .relaxed) == 3 * 300 * 21)
    }

    @Test func sleepingWorkersWakeUp() {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      ThreadPool.resize(3)
      let total = Atomic(0)
      for _ in 0..<20 {
        usleep(2000)  // far beyond the time that workers spin
        ThreadPool.parallel(30) { _ in total.add(1, ordering: .relaxed) }
      }
      #expect(total.load(ordering: .relaxed) == 600)
    }

    @Test func callerSleepsUntilTheLastTaskEnds() {
      let before = ThreadPool.threads
      defer { ThreadPool.resize(before) }
      ThreadPool.resize(2)
      let ended = Atomic(0)
      for _ in 0..<5 {
        ThreadPool.parallel(2) { index in
          usleep(index == 0 ? 100 : 4000)
          ended.add(1, ordering: .relaxed)
        }
      }
      #expect(ended.load(ordering: .relaxed) == 10)
    }

    @Test func thousandsOfSmallRegionsLoseNoTask() {
      onEveryPool { _ in
        let total = Atomic(0)
        for _ in 0..<5000 {
          ThreadPool.parallel(3) { total.add($0 + 1, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 30_000)
      }
    }

    @Test func refusesAPoolOfNoThreads() async {
      await #expect(processExitsWith: .failure) { ThreadPool.resize(0) }
    }
  }
}
