import Foundation
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct SamplingTests {
    private let rows = 40

    /// The law by its definition, in double: sort, cut, invert.
    private func reference(_ logits: [Float], _ law: SamplingLaw, uniform: Double) -> (
      token: Int, logprob: Double, kept: Set<Int>
    ) {
      let z = logits.map { Double($0 * (1 / law.temperature)) }
      let weights = z.map { exp($0 - z.max()!) }
      var kept = z.indices.sorted { z[$0] > z[$1] || (z[$0] == z[$1] && $0 < $1) }
      if law.topK > 0, law.topK < z.count {
        let threshold = z[kept[law.topK - 1]]
        kept = kept.filter { z[$0] >= threshold }
      }
      if law.topP < 1 {
        let total = kept.reduce(0) { $0 + weights[$1] }
        var sum = 0.0
        let end = kept.firstIndex { id in
          sum += weights[id]
          return sum >= Double(law.topP) * total
        }
        kept = Array(kept[...(end ?? kept.count - 1)])
      }
      kept = kept.filter { weights[$0] >= Double(law.minP) }.sorted()
      let total = kept.reduce(0) { $0 + weights[$1] }
      var sum = 0.0
      let token = kept.first { id in
        sum += weights[id]
        return sum > uniform * total
      }!
      return (token, log(weights[token] / total), Set(kept))
    }

    static let laws = [
      SamplingLaw(), SamplingLaw(temperature: 0.7), SamplingLaw(topK: 5), SamplingLaw(topP: 0.9),
      SamplingLaw(minP: 0.1), SamplingLaw(temperature: 0.6, topK: 20, topP: 0.95, minP: 0.05),
      SamplingLaw(temperature: 1.5, topK: 3000, topP: 0.99), SamplingLaw(topK: 1),
    ]

    private func uniforms() -> [Double] {
      let random = CounterRandom(seed: 7, purpose: .check)
      return [0, 1 - 0x1p-53] + (2..<rows).map { random.uniform($0) }
    }

    @Test(arguments: laws, [50, 2500])
    func drawsWhatTheDefinitionDraws(_ law: SamplingLaw, vocabulary: Int) {
      let logits = normals(rows * vocabulary, seed: 1, scale: 3)
      let u = uniforms()
      let drawn = Sampling.draw(Table(logits, rows: rows).matrix, uniforms: u, law)
      for r in 0..<rows {
        let row = Array(logits[r * vocabulary..<(r + 1) * vocabulary])
        let expected = reference(row, law, uniform: u[r])
        #expect(drawn.tokens[r] == expected.token)
        #expect(abs(Double(drawn.behaviour[r]) - expected.logprob) < 3e-6)
      }
    }

    @Test(arguments: laws) func drawsTheSameEverywhere(_ law: SamplingLaw) {
      let logits = Table(normals(rows * 1100, seed: 2, scale: 3), rows: rows)
      let results = everywhere {
        let drawn = Sampling.draw(logits.matrix, uniforms: uniforms(), law)
        return Bits(
          drawn.tokens.map(Float.init) + drawn.behaviour + drawn.old + drawn.entropies)
      }
      #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: laws)
    func oldLogprobAndEntropyAreThoseOfScoringToTheBit(_ law: SamplingLaw) {
      let logits = Table(normals(rows * 1100, seed: 3, scale: 3), rows: rows)
      let drawn = Sampling.draw(logits.matrix, uniforms: uniforms(), law, allowed: 1090)
      let scored = TokenLogprob.forward(
        logits.matrix, tokens: drawn.tokens, temperature: law.temperature, allowed: 1090)
      #expect(Bits(drawn.old) == Bits(scored.logprobs))
      #expect(Bits(drawn.entropies) == Bits(scored.entropies))
      #expect(drawn.law.lse == scored.lse)
      if law.topK == 0, law.topP == 1, law.minP == 0 {
        #expect(Bits(drawn.behaviour) == Bits(drawn.old))
      }
    }

    /// With every id that is cut at minus infinity, scoring gives the truncated law.
    @Test(arguments: laws.dropFirst(2))
    func behaviourLogprobIsThatOfScoringTheTruncatedLaw(_ law: SamplingLaw) {
      let vocabulary = 400
      let logits = normals(rows * vocabulary, seed: 4, scale: 3)
      let drawn = Sampling.draw(Table(logits, rows: rows).matrix, uniforms: uniforms(), law)
      var cut = logits
      for r in 0..<rows {
        let row = Array(logits[r * vocabulary..<(r + 1) * vocabulary])
        let kept = reference(row, law, uniform: 0).kept
        for id in 0..<vocabulary where !kept.contains(id) { cut[r * vocabulary + id] = -.infinity }
      }
      let scored = TokenLogprob.forward(
        Table(cut, rows: rows).matrix, tokens: drawn.tokens, temperature: law.temperature)
      #expect(Bits(drawn.behaviour) == Bits(scored.logprobs))
    }

    @Test func temperatureZeroTakesTheLowestOfTheLargest() {
      let logits = Table(
        [1, 5, 2, 5] + [-1, -3, -2, -1.5] + [.infinity.nextDown, 0, 0, 0], rows: 3)
      let drawn = Sampling.draw(
        logits.matrix, uniforms: [0.9, 0.9, 0.9], SamplingLaw(temperature: 0, topK: 2))
      #expect(drawn.tokens == [1, 0, 0])
      let scored = TokenLogprob.forward(logits.matrix, tokens: drawn.tokens)
      #expect(Bits(drawn.old) == Bits(scored.logprobs))
      #expect(Bits(drawn.behaviour) == Bits(drawn.old))
    }

    @Test func neverDrawsWhatHasNoProbability() {
      // Mass on id 1 alone; ids around it at minus infinity or far below.
      let row: [Float] = [-.infinity, 0, -200, -.infinity]
      let logits = Table(row + row, rows: 2)
      for law in Self.laws {
        let drawn = Sampling.draw(logits.matrix, uniforms: [0, 1 - 0x1p-53], law)
        #expect(drawn.tokens == [1, 1])
        #expect(drawn.behaviour == [0, 0])
      }
    }

    @Test func topKKeepsTies() {
      let logits = Table([Float](repeating: 0, count: 4 * 8), rows: 4)
      let u = [0.1, 0.3, 0.6, 0.9]
      let tied = Sampling.draw(logits.matrix, uniforms: u, SamplingLaw(topK: 2))
      #expect(tied.tokens == [0, 2, 4, 7])
      let run = Sampling.draw(logits.matrix, uniforms: u, SamplingLaw(topP: 0.5))
      #expect(run.tokens == [0, 1, 2, 3])  // the lower half of eight equal ids
    }

    @Test func frequenciesFollowTheLaw() {
      let count = 20_000
      let probabilities = [0.5, 0.25, 0.125, 0.125]
      let row = probabilities.map { Float(log($0)) }
      let logits = Table((0..<count).flatMap { _ in row }, rows: count)
      let random = CounterRandom(seed: 11, purpose: .check)
      let drawn = Sampling.draw(
        logits.matrix, uniforms: (0..<count).map { random.uniform($0) }, SamplingLaw())
      for (id, p) in probabilities.enumerated() {
        let share = Double(drawn.tokens.count { $0 == Int32(id) }) / Double(count)
        #expect(abs(share - p) < 4 * (p * (1 - p) / Double(count)).squareRoot())
      }
    }

    @Test func refusesAUniformOfOne() async {
      await #expect(processExitsWith: .failure) {
        let logits = Storage<Float>(4).matrix(rows: 1, columns: 4)
        _ = Sampling.draw(logits, uniforms: [1], SamplingLaw())
      }
    }
  }
}
