import Foundation
import Kernels
import Testing
import Trajectories

@testable import Models

/// A loss of a row, and its gradient: 0.3 of the entropy over the even ids (objectives.md, 1.3 c),
/// and the divergence of the row from one that is even over the first ten ids (1.3 d).
struct RowTerm: RowObserver {
  var moment: LogprobRow.Moment { .current }
  var width: Int { 1 }

  static func wants(_ token: Int32) -> Bool { token % 3 != 0 }

  static func loss(of pack: SequencePack) -> RowLoss {
    RowLoss(wanted: pack.targets.map(wants)) { row, token, gradient in
      #expect(row.token == pack.targets[token])
      return differentiate(row, into: gradient)
    }
  }

  static func differentiate(
    _ row: LogprobRow, into gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let p = row.logprobs.map { exp(Double($0)) }
    let even = stride(from: 0, to: p.count, by: 2).reduce(0) { $0 + p[$1] }
    var entropy = 0.0
    for v in stride(from: 0, to: p.count, by: 2) { entropy -= p[v] / even * log(p[v] / even) }
    var divergence = 0.0
    for v in p.indices {
      let q = v < 10 ? 0.1 : 0
      if q > 0 { divergence += q * (log(q) - Double(row.logprobs[v])) }
      var slope = p[v] - q
      if v % 2 == 0 { slope -= 0.3 * p[v] / even * (log(p[v] / even) + entropy) }
      gradient[v] += Float(slope)
    }
    return 0.3 * entropy + divergence
  }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] {
    let gradient = UnsafeMutableBufferPointer<Float>.allocate(capacity: row.logprobs.count)
    gradient.initialize(repeating: 0)
    defer { gradient.deallocate() }
    floats[0] = Float(Self.differentiate(row, into: gradient))
    return row.token == 7 ? [7] : []
  }
}

extension TransformerTests {
  @Suite struct Rows {
    private let architecture = Architecture(
      "softcap, masked ids, temperature", .gemma2, allowedIds: 41, temperature: 1.3
    ) { $0.finalSoftcap = 4 }

    @Test func rowsAreThoseOfTheLogits() throws {
      struct Copy: RowObserver {
        var moment: LogprobRow.Moment { .current }
        var width: Int { 41 }
        func observe(
          _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
        ) -> [UInt8] {
          _ = floats.update(fromContentsOf: row.logprobs)
          return [UInt8(row.token)]
        }
      }
      let problem = try BackwardProblem(architecture)
      let scores = try problem.model.score(
        problem.pack, temperature: 1.3, observers: [RowTerm(), Copy()])
      let rows = scores.observed[1]
      #expect(
        scores.observed[0].bytes.filter { $0 == [7] }.count
          == problem.pack.targets.count { $0 == 7 })
      for (token, target) in problem.pack.targets.enumerated() {
        let row = rows.values[token * 41..<(token + 1) * 41]
        #expect(rows.bytes[token] == [UInt8(target)])
        #expect(row[row.startIndex + Int(target)] == scores.logprobs[token])
        #expect(abs(row.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
        let entropy = row.reduce(0) { $0 - exp(Double($1)) * Double($1) }
        #expect(abs(entropy - Double(scores.entropies[token])) < 1e-5)
      }
    }

    @Test func rowsThatAreNotWantedAddExactlyNothing() throws {
      let problem = try BackwardProblem(architecture)
      let pack = problem.pack
      let zeros = Array(repeating: Float(0), count: pack.targets.count)
      let wanted = pack.targets.indices.map { $0 == 3 }
      func gradients(_ rows: RowLoss?) throws -> [[UInt32]] {
        problem.model.zeroGradients()
        let (logprob, entropy) = problem.slopes(pack)
        let scores = try problem.model.accumulateGradients(
          pack, temperature: 1.3, dLogprob: logprob, dEntropy: entropy, rows: rows)
        #expect(scores.rowLosses.allSatisfy { $0 == 0 })
        return problem.gradients.map(\.bits)
      }
      let without = try gradients(nil)
      #expect(try gradients(RowLoss(wanted: wanted) { _, _, _ in 0 }) == without)
      // A row that nobody asks for is not shown.
      let silent = RowLoss(wanted: wanted.map { _ in false }) { _, token, _ in
        Issue.record("row \(token) is not wanted")
        return 1
      }
      #expect(try gradients(silent) == without)
      // One wanted row alone: its loss stands at its token.
      let scores = try problem.model.accumulateGradients(
        pack, temperature: 1.3, dLogprob: zeros, dEntropy: zeros,
        rows: RowLoss(wanted: wanted) { row, _, gradient in
          RowTerm.differentiate(row, into: gradient)
        })
      #expect(scores.rowLosses.indices.filter { scores.rowLosses[$0] != 0 } == [3])
    }

    @Test func aPassThatWasScoredGoesBackToTheSameBits() throws {
      for recompute in [false, true] {
        let problem = try BackwardProblem(architecture, rows: true)
        try problem.accumulate(problem.pack, recompute: recompute)
        let expected = problem.gradients.map(\.bits)
        problem.model.zeroGradients()
        let pass = problem.model.forward(
          problem.pack, temperature: problem.temperature, recompute: recompute)
        _ = try pass.score(observers: [RowTerm()])
        let (logprob, entropy) = problem.slopes(problem.pack)
        _ = try pass.backward(
          dLogprob: logprob, dEntropy: entropy, rows: RowTerm.loss(of: problem.pack))
        #expect(problem.gradients.map(\.bits) == expected)
      }
    }

    @Test func aPassIsGoneWithTheNext() async {
      await #expect(processExitsWith: .failure) {
        let problem = try BackwardProblem(Architecture("plain", .qwen3))
        let pass = problem.model.forward(problem.pack)
        _ = try problem.model.score(problem.pack)
        _ = try pass.score()
      }
    }

    @Test func whatFailsOnARowIsPlaced() throws {
      struct Refusal: Error, Equatable { let token: Int }
      let problem = try BackwardProblem(architecture)
      let pack = problem.pack
      let zeros = Array(repeating: Float(0), count: pack.targets.count)
      func run(
        _ body: @escaping (Int, UnsafeMutableBufferPointer<Float>) throws -> Double
      ) throws {
        try problem.model.accumulateGradients(
          pack, temperature: 1.3, dLogprob: zeros, dEntropy: zeros,
          rows: RowLoss(wanted: zeros.map { _ in true }) { _, token, gradient in
            try body(token, gradient)
          })
      }
      // Whatever thread comes first, the first row's error is the one that is told.
      #expect(throws: Refusal(token: 5)) {
        try run { token, _ in if token >= 5 { throw Refusal(token: token) } else { 0 } }
      }
      // The second sequence has four tokens before it.
      let error = #expect(throws: NonFiniteScore.self) {
        try run { token, gradient in
          if token == 6 { gradient[40] = .nan }
          return 0
        }
      }
      #expect(error?.sequence == 1 && error?.token == 2 && error?.what == .rowGradient)
    }
  }
}
