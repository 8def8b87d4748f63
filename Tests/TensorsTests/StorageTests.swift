import Testing

@testable import Tensors

@Suite struct StorageTests {
  @Test(arguments: [0, 1, 15, 1000])
  func isAlignedAndZero(count: Int) {
    let storage = Storage<Float>(count)
    #expect(UInt(bitPattern: storage.pointer) % 64 == 0)
    #expect(storage.count == count)
    #expect(storage.array == [Float](repeating: 0, count: count))
  }

  @Test func holdsTheElementsOfACollection() {
    let storage = Storage(stride(from: Int32(10), to: 20, by: 3).map(\.self))
    #expect(storage.array == [10, 13, 16, 19])
    storage[1] = 7
    #expect(storage[1] == 7)
    storage.zero()
    #expect(storage.array == [0, 0, 0, 0])
  }

  @Test func aCopySharesNothing() {
    let storage = Storage<Float>([1, 2, 3])
    let copy = storage.copy()
    storage[0] = 9
    #expect(copy.array == [1, 2, 3])
  }

  @Test func viewsShareTheirRowsAndColumns() {
    let storage = Storage((0..<12).map(Float.init))
    let matrix = storage.matrix(rows: 3, columns: 4)
    #expect(matrix[2, 1] == 9)
    let inner = matrix.rows(1..<3).columns(1..<3)
    #expect((inner.rows, inner.columns, inner.stride) == (2, 2, 4))
    #expect(inner[0, 0] == 5)
    #expect(inner[1, 1] == 10)
    inner[1, 0] = -1
    #expect(storage[9] == -1)
    #expect(storage.matrix(rows: 2, columns: 2, offset: 8)[1, 1] == 11)
  }

  @Test func anIndexOutsideTraps() async {
    await #expect(processExitsWith: .failure) { _ = Storage<Float>(3)[3] }
    await #expect(processExitsWith: .failure) { Storage<Float>(3)[-1] = 0 }
  }

  @Test func aViewThatDoesNotFitTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = Storage<Float>(11).matrix(rows: 3, columns: 4)
    }
    await #expect(processExitsWith: .failure) {
      _ = Storage<Float>(12).matrix(rows: 3, columns: 4).columns(2..<5)
    }
    await #expect(processExitsWith: .failure) {
      let storage = Storage<Float>(12)
      _ = storage.matrix(rows: 3, columns: 4)[3, 0]
    }
  }
}
