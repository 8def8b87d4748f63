import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct TokenLogprobTests {
    static let temperatures: [Float] = [1, 0.7, 2.5]

    private let rows = 7
    private let columns = 2100
    private let allowed = 2081

    private func example() -> (logits: [Float], tokens: [Int32]) {
      var logits = normals(rows * columns, seed: 1, scale: 4)
      logits[5] = -.infinity
      logits[columns + 3] = 200  // one id takes all
      return (logits, (0..<Int32(rows)).map { $0 * 311 })
    }

    private func row(_ x: [Float], _ r: Int) -> [Float] {
      Array(x[r * columns..<r * columns + allowed])
    }

    @Test(arguments: temperatures) func forwardEqualsTheReadableOneEverywhere(_ tau: Float) {
      let (logits, tokens) = example()
      let laws = (0..<rows).map { ReferenceLaw(row(logits, $0), inverseTemperature: 1 / tau) }
      let expected = laws.indices.map { r in
        laws[r].logprob(logits[r * columns + Int(tokens[r])], inverseTemperature: 1 / tau)
      }
      let table = Table(logits, rows: rows)
      for result in everywhere({
        TokenLogprob.forward(table.matrix, tokens: tokens, temperature: tau, allowed: allowed)
      }) {
        #expect(Bits(result.logprobs) == Bits(expected))
        #expect(Bits(result.entropies) == Bits(laws.map(\.entropy)))
        #expect(result.lse == laws.map(\.lse))
      }
    }

    @Test(arguments: temperatures) func valuesAgreeWithTheFormulasInDouble(_ tau: Float) {
      let (logits, tokens) = example()
      let result = TokenLogprob.forward(
        Table(logits, rows: rows).matrix, tokens: tokens, temperature: tau, allowed: allowed)
      for r in 0..<rows {
        let exact = ExactLaw(row(logits, r), temperature: tau)
        let logprob = exact.logprobs[Int(tokens[r])]
        // Division by the temperature rounds z once, to a unit in the last place of 200.
        #expect(abs(Double(result.logprobs[r]) - logprob) < 2e-6 * max(1, abs(logprob)))
        #expect(abs(Double(result.entropies[r]) - exact.entropy) < 2e-6)
      }
    }

    @Test func handComputedValue() {
      // The running example of objectives.md, section 1.8.
      let logits = Table([2, 1, 0, -1, 0.5, 0.4, 0.3, 0.2], rows: 2)
      let result = TokenLogprob.forward(logits.matrix, tokens: [0, 2])
      for (value, exact) in zip(result.logprobs, [-0.440190, -1.442536]) {
        #expect(abs(Double(value) - exact) < 1e-6)
      }
      for (value, exact) in zip(result.entropies, [0.947537, 1.380071]) {
        #expect(abs(Double(value) - exact) < 1e-6)
      }
      let dLogits = Table(rows: 2, columns: 4)
      result.backward(
        logits.matrix, tokens: [0, 2], dLogprob: [1, 0], dEntropy: [0, 0], into: dLogits.matrix)
      for (value, exact) in zip(dLogits.array, [0.356086, -0.236883, -0.087144, -0.032059]) {
        #expect(abs(Double(value) - exact) < 1e-6)
      }
      result.backward(
        logits.matrix, tokens: [0, 2], dLogprob: [0, 0], dEntropy: [1, 0], into: dLogits.matrix)
      for (value, exact) in zip(dLogits.array, [-0.326688, 0.116701, 0.130076, 0.079911]) {
        #expect(abs(Double(value) - exact) < 1e-6)
      }
    }

    @Test(arguments: temperatures) func backwardAgreesWithTheFormulasInDouble(_ tau: Float) {
      let (logits, tokens) = example()
      let dLogprob = normals(rows, seed: 2).map { $0 }
      let dEntropy = normals(rows, seed: 3)
      for set in onEachThreadCount({
        let z = Table(logits, rows: rows)
        TokenLogprob.forward(z.matrix, tokens: tokens, temperature: tau, allowed: allowed)
          .backward(
            z.matrix, tokens: tokens, temperature: tau, dLogprob: dLogprob, dEntropy: dEntropy,
            into: z.matrix)
        return z.array
      }) {
        #expect(set.allSatisfy { Bits($0) == Bits(set[0]) })
        for r in 0..<rows {
          let exact = ExactLaw(row(logits, r), temperature: tau).gradient(
            token: Int(tokens[r]), dLogprob: Double(dLogprob[r]), dEntropy: Double(dEntropy[r]),
            temperature: Double(tau))
          let error = zip(row(set[0], r), exact).map { abs(Double($0) - $1) }.max()!
          #expect(error < 4e-6)
          #expect(set[0][r * columns + allowed..<(r + 1) * columns].allSatisfy { $0 == 0 })
        }
      }
    }

    @Test func backwardMatchesCentralDifferences() {
      let logits = normals(2 * 20, seed: 4)
      let tokens: [Int32] = [3, 19]
      let (dLogprob, dEntropy): ([Float], [Float]) = ([1, -0.7], [0.3, 0.2])
      func forward(_ logits: [Float]) -> TokenLogprob {
        TokenLogprob.forward(Table(logits, rows: 2).matrix, tokens: tokens, temperature: 0.8)
      }
      let gradient = Table(rows: 2, columns: 20)
      forward(logits).backward(
        Table(logits, rows: 2).matrix, tokens: tokens, temperature: 0.8, dLogprob: dLogprob,
        dEntropy: dEntropy, into: gradient.matrix)
      let error = gradientError(at: logits, gradient: gradient.array) {
        let result = forward($0)
        return dot(dLogprob, result.logprobs) + dot(dEntropy, result.entropies)
      }
      #expect(error < 1e-3)
    }

    @Test func aRowWithoutSlopesBecomesExactlyZero() {
      let (logits, tokens) = example()
      let z = Table(logits, rows: rows)
      var slopes = [Float](repeating: 1, count: rows)
      slopes[2] = 0
      TokenLogprob.forward(z.matrix, tokens: tokens).backward(
        z.matrix, tokens: tokens, dLogprob: slopes, dEntropy: slopes, into: z.matrix)
      #expect(z.array[2 * columns..<3 * columns].allSatisfy { $0 == 0 })
      #expect(z.array[3 * columns..<4 * columns].contains { $0 != 0 })
    }

    @Test func aNaNLogitIsFelt() {
      var logits = normals(40, seed: 5)
      logits[33] = .nan
      let result = TokenLogprob.forward(Table(logits, rows: 1).matrix, tokens: [0])
      #expect(result.logprobs[0].isNaN && result.entropies[0].isNaN)
    }

    @Test(arguments: temperatures) func rowsEqualTheReadableOneEverywhere(_ tau: Float) {
      let (logits, tokens) = example()
      let table = Table(logits, rows: rows)
      let expected = (0..<rows).flatMap { r in
        let law = ReferenceLaw(row(logits, r), inverseTemperature: 1 / tau)
        return row(logits, r).map { law.logprob($0, inverseTemperature: 1 / tau) }
      }
      for set in everywhere({
        let law = TokenLogprob.forward(
          table.matrix, tokens: tokens, temperature: tau, allowed: allowed)
        let found = Table(rows: rows, columns: allowed)
        ThreadPool.parallel(rows) { r in
          let room = ThreadPool.room(allowed)
          law.writeRow(r, of: table.matrix, temperature: tau, into: room)
          (found.storage.pointer + r * allowed).update(from: room.baseAddress!, count: allowed)
        }
        // The token's own is the one that the forward gave.
        for r in 0..<rows {
          #expect(found.array[r * allowed + Int(tokens[r])] == law.logprobs[r])
        }
        return Bits(found.array)
      }) {
        #expect(set == Bits(expected))
      }
    }

    @Test func rowGradientsAreAddedDividedByTheTemperature() {
      let dRow = normals(allowed, seed: 6)
      let before = normals(rows * columns, seed: 7)
      let (logits, tokens) = example()
      for set in onEachThreadCount({
        let dLogits = Table(before, rows: rows)
        let law = TokenLogprob.forward(
          Table(logits, rows: rows).matrix, tokens: tokens, allowed: allowed)
        let isFinite = dRow.withUnsafeBufferPointer {
          law.addRowGradient($0, of: 2, temperature: 0.7, into: dLogits.matrix)
        }
        #expect(isFinite)
        return dLogits.array
      }).joined() {
        #expect(set[..<(2 * columns)] == before[..<(2 * columns)])
        #expect(set[(2 * columns + allowed)...] == before[(2 * columns + allowed)...])
        for v in 0..<allowed {
          let exact = Double(before[2 * columns + v]) + Double(dRow[v]) / 0.7
          #expect(abs(Double(set[2 * columns + v]) - exact) < 1e-6)
        }
      }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 1000, 2080])
    func aRowGradientThatIsNotFiniteIsFelt(_ value: Float, place: Int) {
      let (logits, tokens) = example()
      let law = TokenLogprob.forward(
        Table(logits, rows: rows).matrix, tokens: tokens, allowed: allowed)
      var dRow = normals(allowed, seed: 8)
      dRow[place] = value
      let dLogits = Table(rows: rows, columns: columns)
      let isFinite = dRow.withUnsafeBufferPointer {
        law.addRowGradient($0, of: 0, temperature: 1, into: dLogits.matrix)
      }
      #expect(!isFinite)
    }

    @Test func refusesATokenWithoutProbability() async {
      await #expect(processExitsWith: .failure) {
        let logits = Storage<Float>(10).matrix(rows: 1, columns: 10)
        _ = TokenLogprob.forward(logits, tokens: [8], allowed: 8)
      }
    }
  }

  @Suite struct SoftcapTests {
    @Test func forwardIsBoundedAndAgreesWithTheFormula() {
      let z = normals(3 * 37, seed: 1, scale: 20)
      let expected = z.map { 30 * Reference.tanh($0 * (1 / 30)) }
      let results = everywhere {
        let capped = Table(z, rows: 3)
        Softcap.forward(capped.matrix, cap: 30)
        return Bits(capped.array)
      }
      #expect(results.allSatisfy { $0 == Bits(expected) })
    }

    @Test func backwardMatchesCentralDifferences() {
      let z = normals(3 * 20, seed: 2, scale: 3)
      let dz = normals(z.count, seed: 3)
      let capped = Table(z, rows: 3)
      Softcap.forward(capped.matrix, cap: 4)
      let gradient = Table(dz, rows: 3)
      Softcap.backward(gradient.matrix, capped: capped.matrix, cap: 4)
      let error = gradientError(at: z, gradient: gradient.array) { z in
        let capped = Table(z, rows: 3)
        Softcap.forward(capped.matrix, cap: 4)
        return dot(dz, capped.array)
      }
      #expect(error < 1e-3)
    }
  }
}
