import Kernels
import Tensors
import Testing

@testable import Models

extension TransformerTests {
  /// A row's logits are the same bits however the row comes to be computed.
  @Suite struct ForwardContract {
    /// Windows, softcaps and norms around the branches; norms of queries and keys, an own head;
    /// biases; two rotations; unrotated layers.
    static let families: [ModelConfiguration.Family] = [.gemma2, .qwen3, .qwen2, .gemma3, .smollm3]
    static let types = PackedWeight.Precision.allCases

    @Test(arguments: families, types)
    func logitsDoNotDependOnTheNeighboursInThePack(
      family: ModelConfiguration.Family, type: PackedWeight.Precision
    ) throws {
      let model = try TinyModel.make(family, weightType: type)
      let sequences = [1, 37, 16, 5, 33, 70].enumerated().map { TinyModel.ids($1, seed: $0) }
      let together = model.rowsOfLogits(sequences)
      let alone = sequences.flatMap { model.rowsOfLogits($0) }
      #expect(together.map(\.bits) == alone.map(\.bits))
    }

    @Test(arguments: families, types)
    func logitsDoNotDependOnTheThreads(
      family: ModelConfiguration.Family, type: PackedWeight.Precision
    ) throws {
      let model = try TinyModel.make(family, weightType: type)
      let ids = TinyModel.ids(70)
      defer { ThreadPool.resize(2) }
      let found: [[[UInt32]]] = [1, 2, 3].map { threads in
        ThreadPool.resize(threads)
        return model.rowsOfLogits(ids).map(\.bits)
      }
      #expect(found[1] == found[0])
      #expect(found[2] == found[0])
    }

    @Test(arguments: families, types)
    func logitsDoNotDependOnTheInstructionSet(
      family: ModelConfiguration.Family, type: PackedWeight.Precision
    ) throws {
      let model = try TinyModel.make(family, weightType: type)
      let ids = TinyModel.ids(70)
      let before = InstructionSet.current
      defer { before.select() }
      let found: [[[UInt32]]] = InstructionSet.available.map { set in
        set.select()
        return model.rowsOfLogits(ids).map(\.bits)
      }
      for other in found.dropFirst() { #expect(other == found[0]) }
    }

    /// One at a time is decoding; all at once is a prefill.
    @Test(arguments: families, types)
    func decodingGivesTheLogitsOfTheTrainingForward(
      family: ModelConfiguration.Family, type: PackedWeight.Precision
    ) throws {
      let model = try TinyModel.make(family, weightType: type)
      let ids = TinyModel.ids(50)
      let expected = model.rowsOfLogits(ids).map(\.bits)
      for stretches in [
        Array(repeating: 1, count: 50), [50], [16, 16, 16, 2], [15, 1, 1, 33], [7, 7, 7, 7, 7, 15],
      ] {
        let cache = Cache(model, pageCount: 4)
        let table: [Int32] = [2, 0, 3, 1]
        var found: [[UInt32]] = []
        var rest = ids[...]
        for stretch in stretches {
          found += cache.run([(Array(rest.prefix(stretch)), found.count, table)]).map(\.bits)
          rest = rest.dropFirst(stretch)
        }
        #expect(found == expected, "taken in by stretches of \(stretches)")
      }
    }

    /// Sequences of different lengths decode side by side, and some begin later than others.
    @Test(arguments: families)
    func decodingDoesNotDependOnTheNeighboursInTheBatch(
      family: ModelConfiguration.Family
    ) throws {
      let model = try TinyModel.make(family)
      let sequences = [41, 18, 33].enumerated().map { TinyModel.ids($1, seed: $0) }
      let starts = [0, 3, 20]
      let cache = Cache(model, pageCount: 9)
      var found = Array(repeating: [[UInt32]](), count: 3)
      for pass in 0..<60 {
        let running = sequences.indices.filter {
          pass >= starts[$0] && found[$0].count < sequences[$0].count
        }
        let rows = cache.run(
          running.map { index in
            let position = found[index].count
            let table = (0..<3).map { Int32(3 * $0 + index) }
            return ([sequences[index][position]], position, table)
          })
        for (row, index) in zip(rows, running) { found[index].append(row.bits) }
      }
      for (ids, found) in zip(sequences, found) {
        #expect(found == model.rowsOfLogits(ids).map(\.bits))
      }
    }

    /// Two continuations share the pages of a prompt, whether it fills its last page or not.
    @Test(arguments: families, [16, 21, 32])
    func aSharedPrefixGivesTheLogitsOfAPrefixOfOnesOwn(
      family: ModelConfiguration.Family, promptLength: Int
    ) throws {
      let model = try TinyModel.make(family)
      let prompt = TinyModel.ids(promptLength)
      let continuations = [1, 2].map { TinyModel.ids(20, seed: $0) }
      let cache = Cache(model, pageCount: 8)
      _ = cache.run([(prompt, 0, [0, 1])])
      let full = promptLength / KeyValuePages.pageSize
      let tables: [[Int32]] = [[2, 3, 4], [5, 6, 7]].map { own in
        Array((0..<Int32(full)) + own)
      }
      if promptLength % KeyValuePages.pageSize != 0 {
        for table in tables { cache.pages.copy(Int32(full), to: table[full]) }
      }
      var found = [[[UInt32]]](repeating: [], count: 2)
      for step in 0..<20 {
        let rows = cache.run(
          [0, 1].map { ([continuations[$0][step]], promptLength + step, tables[$0]) })
        for index in [0, 1] { found[index].append(rows[index].bits) }
      }
      for index in [0, 1] {
        let whole = model.rowsOfLogits(prompt + continuations[index]).dropFirst(promptLength)
        #expect(found[index] == whole.map(\.bits))
      }
    }

    @Test func rotaryTablesGrowWithoutChangingABit() throws {
      let model = try TinyModel.make(.qwen3)
      let ids = TinyModel.ids(200)
      model.setContext(length: 16)
      let grown = model.rowsOfLogits(ids).map(\.bits)
      model.setContext(length: 1000)
      #expect(model.rowsOfLogits(ids).map(\.bits) == grown)
    }

    /// `dynamic` scaling rotates by the run's context, not by the length of a row or a pack.
    @Test func dynamicScalingKeepsToTheContextOfTheRun() throws {
      var configuration = try TinyModel.configuration(.llama)
      configuration.ropes[0].scaling = .dynamic(factor: 2)
      let model = try TinyModel.make(configuration)
      let ids = TinyModel.ids(90)
      model.setContext(length: 100)
      let whole = model.rowsOfLogits(ids).map(\.bits)
      #expect(model.rowsOfLogits(Array(ids.prefix(20))).map(\.bits) == Array(whole.prefix(20)))
      model.setContext(length: 200)
      #expect(model.rowsOfLogits(ids).map(\.bits) != whole)
      model.setContext(length: 8)
      let short = model.rowsOfLogits(Array(ids.prefix(50))).map(\.bits)
      model.setContext(length: 64)
      #expect(model.rowsOfLogits(Array(ids.prefix(50))).map(\.bits) == short)
    }
  }
}

/// A key/value cache and passes over it.
private struct Cache {
  let model: Transformer
  let pages: KeyValuePages

  init(_ model: Transformer, pageCount: Int) {
    self.model = model
    let c = model.configuration
    pages = KeyValuePages(
      pageCount: pageCount, layers: c.layerCount, heads: c.keyValueHeadCount,
      width: c.headDimension)
  }

  /// One pass; the logits of every row.
  func run(_ stretches: [(ids: [Int32], position: Int, table: [Int32])]) -> [[Float]] {
    var batch = RowBatch()
    for stretch in stretches {
      batch.append(stretch.ids, position: stretch.position, table: stretch.table)
    }
    guard batch.count > 0 else { return [] }
    let logits = model.decode(batch, pages: pages, rows: Array(0..<batch.count))
    return (0..<logits.rows).map { row in (0..<logits.columns).map { logits[row, $0] } }
  }
}
