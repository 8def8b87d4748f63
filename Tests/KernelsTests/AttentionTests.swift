import CKernels
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct AttentionTests {
    /// One sequence's queries, keys and values, and the pages that hold its keys and values.
    struct Sequence: CustomTestStringConvertible {
      let shape: ReferenceAttention
      let qkv: [Float]
      let table: [Int32]

      init(
        rows: Int, heads: Int, keyValueHeads: Int, width: Int, window: Int? = nil,
        softcap: Float? = nil, firstPage: Int = 0, seed: UInt64 = 1
      ) {
        shape = ReferenceAttention(
          rows: rows, keyValueHeads: keyValueHeads, width: width,
          options: AttentionOptions(
            heads: heads, window: window, scale: 1 / Float(width).squareRoot(), softcap: softcap))
        qkv = normals(rows * shape.columns, seed: seed)
        // Pages in no order: the last first.
        table = (0..<(rows + 15) / 16).map { Int32(firstPage + $0) }.reversed()
      }

      var testDescription: String {
        let o = shape.options
        return """
          \(shape.rows) rows, \(o.heads)/\(shape.keyValueHeads) heads of \(shape.width), window \
          \(o.window ?? 0), softcap \(o.softcap ?? 0)
          """
      }

      /// Runs the rows in spans of the given lengths, each after the one before.
      func run(_ lengths: [Int]) -> (output: [Float], lse: [Float]) {
        let x = Table(qkv, rows: shape.rows)
        let output = Table(rows: shape.rows, columns: shape.queryColumns)
        let lse = Table(rows: shape.rows, columns: shape.options.heads)
        let pages = Self.poisoned(
          pageCount: Int(table.max()!) + 1, heads: shape.keyValueHeads, width: shape.width)
        var position = 0
        for length in lengths {
          let span = [Span(firstRow: position, rows: length, position: position, table: table)]
          forward(x.matrix, pages.layer(0), span, output.matrix, lse.matrix)
          position += length
        }
        return (output.array, lse.array)
      }

      func forward(
        _ x: Matrix, _ pages: LayerPages, _ spans: [Span], _ output: Matrix, _ lse: Matrix
      ) {
        let queries = shape.queryColumns
        let keys = queries + shape.keyValueHeads * shape.width
        pages.write(
          keys: x.columns(queries..<keys), values: x.columns(keys..<shape.columns), spans: spans)
        Attention.forward(
          queries: x.columns(0..<queries), pages: pages, spans: spans, shape.options,
          into: output, lse: lse)
      }

      /// Pages full of NaN: what was never written must not be felt.
      static func poisoned(pageCount: Int, heads: Int, width: Int) -> KeyValuePages {
        let pages = KeyValuePages(pageCount: pageCount, layers: 1, heads: heads, width: width)
        let rows = pageCount * KeyValuePages.pageSize
        let x = Table([Float](repeating: .nan, count: rows * heads * width), rows: rows)
        pages.layer(0).write(
          keys: x.matrix, values: x.matrix,
          spans: [
            Span(firstRow: 0, rows: rows, position: 0, table: (0..<Int32(pageCount)).map(\.self))
          ])
        return pages
      }
    }

    static let sequences = [
      Sequence(rows: 1, heads: 2, keyValueHeads: 1, width: 16),
      Sequence(rows: 40, heads: 4, keyValueHeads: 2, width: 10),
      Sequence(rows: 70, heads: 6, keyValueHeads: 2, width: 64),
      Sequence(rows: 50, heads: 3, keyValueHeads: 1, width: 12, window: 7),
      Sequence(rows: 90, heads: 7, keyValueHeads: 1, width: 48, window: 33, softcap: 2),
      Sequence(rows: 60, heads: 2, keyValueHeads: 2, width: 20, softcap: 5),
      Sequence(rows: 1050, heads: 1, keyValueHeads: 1, width: 16),
      Sequence(rows: 1050, heads: 2, keyValueHeads: 1, width: 8, window: 530),
    ]

    @Test(arguments: sequences) func forwardEqualsTheReadableOneEverywhere(_ sequence: Sequence) {
      let expected = sequence.shape.forward(sequence.qkv)
      for result in everywhere({ sequence.run([sequence.shape.rows]) }) {
        #expect(Bits(result.output) == Bits(expected.output))
        #expect(Bits(result.lse) == Bits(expected.lse))
      }
    }

    @Test(arguments: sequences.prefix(6))
    func decodingGivesTheBitsOfThePrefill(_ sequence: Sequence) {
      let rows = sequence.shape.rows
      let whole = sequence.run([rows])
      let decoded = sequence.run(Array(repeating: 1, count: rows))
      #expect(Bits(whole.output) == Bits(decoded.output))
      #expect(Bits(whole.lse) == Bits(decoded.lse))
      guard rows > 21 else { return }
      #expect(Bits(whole.output) == Bits(sequence.run([21, rows - 21]).output))
    }

    @Test func neighboursInABatchAreNotFelt() {
      let first = Sequence(rows: 37, heads: 4, keyValueHeads: 2, width: 24, seed: 5)
      let second = Sequence(
        rows: 18, heads: 4, keyValueHeads: 2, width: 24, firstPage: 3, seed: 6)
      let x = Table(first.qkv + second.qkv, rows: 55)
      let output = Table(rows: 55, columns: first.shape.queryColumns)
      let lse = Table(rows: 55, columns: 4)
      let pages = Sequence.poisoned(pageCount: 5, heads: 2, width: 24)
      let spans = [
        Span(firstRow: 0, rows: 37, position: 0, table: first.table),
        Span(firstRow: 37, rows: 18, position: 0, table: second.table),
      ]
      first.forward(x.matrix, pages.layer(0), spans, output.matrix, lse.matrix)
      #expect(Bits(output.array) == Bits(first.run([37]).output + second.run([18]).output))
    }

    @Test func aCopiedPageServesAnotherSequence() {
      // Two sequences with one prefix of 20 positions: a whole page shared, the next one copied.
      let sequence = Sequence(rows: 24, heads: 2, keyValueHeads: 1, width: 16)
      let pages = KeyValuePages(pageCount: 2, layers: 3, heads: 1, width: 16)
      let x = Table(sequence.qkv, rows: 24)
      let output = Table(rows: 24, columns: 32)
      let lse = Table(rows: 24, columns: 2)
      let prefix = [Span(firstRow: 0, rows: 20, position: 0, table: [1, 0])]
      sequence.forward(x.matrix, pages.layer(2), prefix, output.matrix, lse.matrix)
      pages.grow(to: 3)
      pages.copy(0, to: 2)
      let rest = [Span(firstRow: 20, rows: 4, position: 20, table: [1, 2])]
      sequence.forward(x.matrix, pages.layer(2), rest, output.matrix, lse.matrix)
      #expect(Bits(output.array) == Bits(sequence.run([24]).output))
    }

    @Test func equalKeysGiveTheMeanOfValues() {
      let sequence = Sequence(rows: 3, heads: 1, keyValueHeads: 1, width: 2)
      let x = Table([1, 2, 0, 0, 3, 6, 1, 2, 0, 0, 6, 0, 1, 2, 0, 0, 0, 3], rows: 3)
      let output = Table(rows: 3, columns: 2)
      let lse = Table(rows: 3, columns: 1)
      let pages = KeyValuePages(pageCount: 1, layers: 1, heads: 1, width: 2)
      let spans = [Span(firstRow: 0, rows: 3, position: 0, table: [0])]
      sequence.forward(x.matrix, pages.layer(0), spans, output.matrix, lse.matrix)
      for (value, exact) in zip(output.array, [3, 6, 4.5, 3, 3, 3] as [Float]) {
        #expect(abs(value - exact) < 1e-6)
      }
      #expect(abs(lse.array[2] - 1.098_612_3) < 1e-6)  // log 3
    }

    // MARK: Backward

    private func backward(_ sequences: [Sequence], dOutput: [Float]) -> [Float] {
      let shape = sequences[0].shape
      var spans: [Span] = []
      for sequence in sequences {
        spans.append(
          Span(
            firstRow: spans.last.map { $0.firstRow + $0.rows } ?? 0, rows: sequence.shape.rows,
            position: 0, table: []))
      }
      let results = sequences.map { $0.run([$0.shape.rows]) }
      let rows = dOutput.count / shape.queryColumns
      let gradient = Table([Float](repeating: .nan, count: rows * shape.columns), rows: rows)
      Attention.backward(
        Table(dOutput, rows: rows).matrix,
        queryKeyValue: Table(sequences.flatMap(\.qkv), rows: rows).matrix,
        output: Table(results.flatMap(\.output), rows: rows).matrix,
        lse: Table(results.flatMap(\.lse), rows: rows).matrix, spans: spans,
        keyValueHeads: shape.keyValueHeads, shape.options, into: gradient.matrix)
      return gradient.array
    }

    static let small = [
      Sequence(rows: 9, heads: 4, keyValueHeads: 2, width: 10),
      Sequence(rows: 20, heads: 3, keyValueHeads: 1, width: 12, window: 7),
      Sequence(rows: 18, heads: 2, keyValueHeads: 2, width: 6, softcap: 2),
      Sequence(rows: 70, heads: 2, keyValueHeads: 1, width: 4, window: 66, softcap: 3),
    ]

    @Test(arguments: small) func backwardMatchesCentralDifferences(_ sequence: Sequence) {
      let shape = sequence.shape
      let dOutput = normals(shape.rows * shape.queryColumns, seed: 8)
      let gradient = backward([sequence], dOutput: dOutput)
      let error = gradientError(at: sequence.qkv, gradient: gradient) { x in
        dot(dOutput, shape.forward(x).output)
      }
      #expect(error < 1e-3)
    }

    @Test func sequencesOfAPackDoNotMeet() {
      let pack = [70, 5, 130].map {
        Sequence(rows: $0, heads: 4, keyValueHeads: 2, width: 16, window: 100, seed: UInt64($0))
      }
      let dOutput = pack.map { normals($0.shape.rows * $0.shape.queryColumns, seed: 9) }
      let alone = zip(pack, dOutput).flatMap { backward([$0], dOutput: $1) }
      let results = onEachThreadCount { Bits(backward(pack, dOutput: dOutput.flatMap(\.self))) }
      for set in results { #expect(set.allSatisfy { $0 == set[0] }) }
      #expect(results.last![0] == Bits(alone))
    }

    // MARK: Refusals

    @Test func refusesATableThatIsTooShort() async {
      await #expect(processExitsWith: .failure) {
        let pages = KeyValuePages(pageCount: 4, layers: 1, heads: 1, width: 8)
        let x = Storage<Float>(17 * 8).matrix(rows: 17, columns: 8)
        let span = Span(firstRow: 0, rows: 17, position: 0, table: [0])
        pages.layer(0).write(keys: x, values: x, spans: [span])
      }
    }

    @Test func refusesAPageThatDoesNotExist() async {
      await #expect(processExitsWith: .failure) {
        let pages = KeyValuePages(pageCount: 4, layers: 1, heads: 1, width: 8)
        let x = Storage<Float>(8).matrix(rows: 1, columns: 8)
        let span = Span(firstRow: 0, rows: 1, position: 0, table: [4])
        pages.layer(0).write(keys: x, values: x, spans: [span])
      }
    }

    @Test func refusesQueryHeadsThatDoNotDivide() async {
      await #expect(processExitsWith: .failure) {
        let pages = KeyValuePages(pageCount: 1, layers: 1, heads: 2, width: 8)
        let x = Storage<Float>(24).matrix(rows: 1, columns: 24)
        Attention.forward(
          queries: x, pages: pages.layer(0),
          spans: [Span(firstRow: 0, rows: 1, position: 0, table: [0])],
          AttentionOptions(heads: 3, scale: 1), into: x)
      }
    }
  }
}
