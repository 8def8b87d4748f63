import Datasets
import Testing

struct DataOrderTests {
  @Test func anEpochGoesOnceThroughEverything() {
    let order = DataOrder(count: 100, seed: 3)
    #expect(order.places(ofEpoch: 0).sorted() == Array(0..<100))
    #expect(order.places(ofEpoch: 1).sorted() == Array(0..<100))
    #expect(order.places(ofEpoch: 0) != order.places(ofEpoch: 1))
    #expect(order.places(ofEpoch: 0) != DataOrder(count: 100, seed: 4).places(ofEpoch: 0))
  }

  @Test func theOrderOfASeedNeverChanges() {
    #expect(
      DataOrder(count: 8, seed: 0).places(from: 0, count: 16)
        == [6, 2, 0, 3, 7, 4, 1, 5, 7, 6, 0, 5, 1, 2, 3, 4])
  }

  @Test func aSequenceIsTheSameHoweverItIsCut() {
    let order = DataOrder(count: 7, seed: 1)
    let whole = order.places(from: 0, count: 50)
    let steps = (0..<10).flatMap { order.places(from: $0 * 5, count: 5) }
    #expect(steps == whole)
    #expect(whole[7..<14] == order.places(ofEpoch: 1)[...])
    #expect(order.places(from: 3, count: 0) == [])
  }

  @Test func withoutShufflingTheFilesOrderRepeats() {
    let order = DataOrder(count: 3, seed: 1, shuffle: false)
    #expect(order.places(from: 2, count: 5) == [2, 0, 1, 2, 0])
  }

  @Test func everyPlaceIsAsLikelyToComeFirst() {
    var firsts = [Int](repeating: 0, count: 5)
    for seed in 0..<5000 {
      firsts[DataOrder(count: 5, seed: UInt64(seed)).places(ofEpoch: 0)[0]] += 1
    }
    // 1000 expected of each, deviation 28; five deviations.
    #expect(firsts.allSatisfy { abs($0 - 1000) < 140 }, "\(firsts)")
  }
}
