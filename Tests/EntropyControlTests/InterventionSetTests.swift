import EntropyControl
import Foundation
import Metrics
import Testing
import Trajectories

struct InterventionSetTests {
  // MARK: Which may stand together

  @Test func membersPrepareByStageAndThenInTheUsersOrder() throws {
    let set = try InterventionSet([
      Member("adds"), Member("weighs", stage: .weights), Member("adds-too"),
      Member("shapes", stage: .advantages), Member("masks", stage: .masks),
      Member("weighs-too", stage: .weights),
    ])
    #expect(
      set.members.map(\.name) == ["shapes", "masks", "weighs", "weighs-too", "adds", "adds-too"])
  }

  @Test func eachSeesWhatThoseBeforeItLeft() throws {
    let doubles = Member("doubles", stage: .advantages) { _, batch, _, _ in
      batch.advantages = batch.advantages.map { 2 * $0 }
      return []
    }
    let weighs = Member("weighs", stage: .weights) { _, batch, shaping, _ in
      shaping.weights = batch.advantages
      return []
    }
    var batch = Self.batch()
    let prepared = try InterventionSet([weighs, doubles]).prepare(
      Self.step, &batch, Shaping(count: 4, clipLow: 0.2, clipHigh: 0.2),
      coefficients: Self.tokenMean)
    #expect(batch.advantages == [2, 2, -2, -2])
    #expect(prepared.shaping.weights == [2, 2, -2, -2])
  }

  @Test func twoThatReplaceTheBaseAreRefusedByName() {
    let (first, second) = (Member("cispo"), Member("kl-cov"))
    first.needs.replacesBase = true
    second.needs.replacesBase = true
    #expect(throws: InterventionError.bothReplace("cispo", "kl-cov")) {
      try InterventionSet([first, Member("bonus"), second])
    }
    #expect(throws: Never.self) { try InterventionSet([first, Member("bonus")]) }
  }

  @Test func oneNameStandsOnce() {
    #expect(throws: InterventionError.twice("bonus")) {
      try InterventionSet([Member("bonus"), Member("bonus", stage: .masks)])
    }
  }

  // MARK: What a stage allows

  private typealias Change = @Sendable (inout TokenBatch, inout Shaping) -> Void

  private static let changes: [(what: String, allowed: [InterventionNeeds.Stage], change: Change)] =
    [
      ("advantages", [.advantages], { batch, _ in batch.advantages[0] = 5 }),
      ("masks", [.masks], { batch, _ in batch.mask[0] = 0 }),
      ("weights", [.masks, .weights, .additions], { _, shaping in shaping.weights[0] = 0 }),
      ("clip bounds", [.weights, .additions], { _, shaping in shaping.clipLow[0] = 1 }),
      ("clip bounds", [.weights, .additions], { _, shaping in shaping.dualClip[0] = 3 }),
      (
        "what is added to the loss", [.additions],
        { _, shaping in shaping.entropyCoefficient = 0.01 }
      ),
      ("what is added to the loss", [.additions], { _, shaping in shaping.scalarLoss = 1 }),
    ]

  @Test(arguments: changes.indices)
  func aStageChangesWhatItMayAndNothingElse(_ index: Int) throws {
    let (what, allowed, change) = Self.changes[index]
    for stage in InterventionNeeds.Stage.allCases {
      let member = Member("m", stage: stage) { _, batch, shaping, _ in
        change(&batch, &shaping)
        return []
      }
      if allowed.contains(stage) {
        #expect(throws: Never.self) { try Self.prepare(member) }
      } else {
        #expect(throws: InterventionError.outsideStage("m", stage, what: what)) {
          try Self.prepare(member)
        }
      }
    }
  }

  @Test func onlyAdditionsAdd() throws {
    let weighs = Member("m", stage: .weights)
    weighs.added = { $0.phi[0] = 1 }
    var batch = Self.batch()
    let prepared = try Self.prepare(weighs, &batch)
    #expect(throws: InterventionError.outsideStage("m", .weights, what: "phi")) {
      try prepared.additions(batch)
    }
    let wants = Member("m", stage: .weights) { _, batch, _, _ in [true, false, false, false] }
    #expect(
      throws: InterventionError.outsideStage("m", .weights, what: "what is added to the loss")
    ) { try Self.prepare(wants) }
  }

  @Test func masksCanBeClearedAndNotSet() throws {
    let clears = Member("m", stage: .masks) { _, batch, _, _ in
      batch.mask[0] = 0
      return []
    }
    var batch = Self.batch()
    let prepared = try Self.prepare(clears, &batch)
    #expect(batch.mask == [0, 1, 1, 0])
    #expect(prepared.coefficients == [0, 0.5, 0.5, 0], "W follows the masks")

    let sets = Member("m", stage: .masks) { _, batch, _, _ in
      batch.mask[3] = 1
      return []
    }
    let error = try #require(throws: InterventionError.self) { try Self.prepare(sets) }
    #expect("\(error)".contains("sets the mask of token 3"))
  }

  @Test func aRowOfAMaskedTokenIsRefused() throws {
    let wants = Member("m") { _, _, _, _ in [false, false, false, true] }
    let error = try #require(throws: InterventionError.self) { try Self.prepare(wants) }
    #expect("\(error)".contains("wants the row of token 3, which is masked"))
  }

  @Test func aNumberThatIsNotFiniteIsRefusedWithItsToken() throws {
    let weighs = Member("m", stage: .weights) { _, _, shaping, _ in
      shaping.weights[3] = .nan  // masked
      shaping.weights[1] = .infinity
      return []
    }
    let error = try #require(throws: InterventionError.self) { try Self.prepare(weighs) }
    #expect("\(error)" == "m: the weight of token 1 is inf")

    let adds = Member("m")
    adds.added = { $0.dEntropy[0] = .nan }
    var batch = Self.batch()
    let prepared = try Self.prepare(adds, &batch)
    let failure = try #require(throws: InterventionError.self) {
      try prepared.additions(batch, run: 1..<2)
    }
    #expect("\(failure)" == "m: the slope in entropy of token 2 is nan", "counted in the step")
  }

  @Test func aFailureNamesTheMemberAndTheCall() throws {
    struct Broken: Error, CustomStringConvertible { let description = "no history" }
    let fails = Member("m") { _, _, _, _ in throw Broken() }
    let error = try #require(throws: InterventionError.self) { try Self.prepare(fails) }
    #expect("\(error)" == "m: prepare failed: no history")
  }

  // MARK: What is added

  @Test func additionsAddUpAndMaskedTokensGetNone() throws {
    let (first, second) = (Member("a"), Member("b"))
    first.added = { $0.phi = [1, 2, 3, 4] }
    second.added = { added in
      added.phi = [10, 20, 30, 40]
      added.dLogprob = [1, 1, 1, 1]
    }
    var batch = Self.batch()
    let prepared = try InterventionSet([first, second]).prepare(
      Self.step, &batch, Shaping(count: 4, clipLow: 0.2, clipHigh: 0.2),
      coefficients: Self.tokenMean)
    let added = try prepared.additions(batch)
    #expect(added.phi == [11, 22, 33, 0])
    #expect(added.dLogprob == [1, 1, 1, 0])
    #expect(added.dEntropy == [0, 0, 0, 0])
  }

  @Test func aRunSeesItsOwnTokensAndWhereItBegins() throws {
    let member = Member("m")
    let seen = Seen()
    member.onEvaluate = { run, first, coefficients in
      seen.runs.append((run.tokens, first, coefficients))
    }
    var batch = Self.batch()
    let prepared = try Self.prepare(member, &batch)
    let part = try prepared.additions(batch, run: 1..<2)
    #expect(part.phi.count == 2)
    #expect(seen.runs[0].tokens == [12, 13])
    #expect(seen.runs[0].first == 2)
    #expect(seen.runs[0].coefficients == [1 / 3, 0])
  }

  @Test func onlyThoseThatWantARowDifferentiateIt() throws {
    let first = Member("a") { _, _, _, _ in [true, false, false, false] }
    let second = Member("b") { _, _, _, _ in [true, true, false, false] }
    var batch = Self.batch()
    let prepared = try InterventionSet([first, second]).prepare(
      Self.step, &batch, Shaping(count: 4, clipLow: 0.2, clipHigh: 0.2),
      coefficients: Self.tokenMean)
    #expect(prepared.wantsRows)
    #expect((0..<4).map(prepared.wants) == [true, true, false, false])
    func loss(_ token: Int) throws -> (Double, [Float]) {
      var gradient: [Float] = [0, 0]
      let row: [Float] = [-0.69, -0.69]
      let loss = try row.withUnsafeBufferPointer { logprobs in
        try gradient.withUnsafeMutableBufferPointer {
          try prepared.differentiate(
            LogprobRow(
              moment: .current, token: 0, logprob: -0.69, entropy: 0.69, logprobs: logprobs),
            token: token, into: $0)
        }
      }
      return (loss, gradient)
    }
    #expect(try loss(0) == (2, [2, -2]))
    #expect(try loss(1) == (1, [1, -1]))
    #expect(try loss(2) == (0, [0, 0]))
  }

  // MARK: Rows that pass

  @Test func observersAreOneForEachMomentAndEachGetsItsOwn() throws {
    let (both, old) = (Member("both"), Member("old"))
    both.needs.oldRows = true
    both.needs.currentRows = true
    both.needs.observed = 1
    old.needs.oldRows = true
    old.needs.observed = 2
    let seen = Seen()
    both.onPrepare = { _, _, _, observed in
      seen.observed.append(observed)
      return []
    }
    let set = try InterventionSet([both, old])
    #expect(set.observers.map(\.moment) == [.old, .current, .old])
    #expect(set.observers.map(\.width) == [1, 1, 2])

    var batch = Self.batch()
    batch.observed = [1, 1, 2].enumerated().map { index, width in
      ObservedRows(
        width: width, values: Array(repeating: Float(index), count: 4 * width),
        bytes: Array(repeating: [], count: 4))
    }
    _ = try set.prepare(
      Self.step, &batch, Shaping(count: 4, clipLow: 0.2, clipHigh: 0.2),
      coefficients: Self.tokenMean)
    #expect(seen.observed[0].old?.values == [0, 0, 0, 0])
    #expect(seen.observed[0].current?.values == [1, 1, 1, 1])
  }

  // MARK: Material

  private static let step = StepPosition(step: 1, totalSteps: 10, rollout: 1, update: 0)

  /// Two sequences of two tokens; the last is masked.
  private static func batch() -> TokenBatch {
    var batch = TokenBatch(prompts: [[1], [1]], completions: [[10, 11], [12, 13]])
    batch.advantages = [1, 1, -1, -1]
    batch.mask = [1, 1, 1, 0]
    return batch
  }

  private static func tokenMean(_ batch: TokenBatch) -> [Float] {
    let count = Float(batch.mask.count { $0 != 0 })
    return batch.mask.map { $0 != 0 ? 1 / count : 0 }
  }

  @discardableResult
  private static func prepare(_ member: Member) throws -> PreparedStep {
    var batch = batch()
    return try prepare(member, &batch)
  }

  private static func prepare(_ member: Member, _ batch: inout TokenBatch) throws -> PreparedStep {
    try InterventionSet([member]).prepare(
      step, &batch, Shaping(count: 4, clipLow: 0.2, clipHigh: 0.2), coefficients: tokenMean)
  }
}

/// What a member was called with.
private final class Seen: @unchecked Sendable {  // one thread
  var runs: [(tokens: [Int32], first: Int, coefficients: [Float])] = []
  var observed: [ObservedMoments] = []
}

/// Adds 1 to the loss of each row that it wants, and otherwise does what it is told.
private final class Member: EntropyIntervention, @unchecked Sendable {  // one thread
  typealias Prepare = (StepPosition, inout TokenBatch, inout Shaping, ObservedMoments) throws ->
    [Bool]

  let name: String
  var needs: InterventionNeeds
  var onPrepare: Prepare
  var onEvaluate: (_ run: TokenBatch, _ first: Int, _ coefficients: [Float]) -> Void = { _, _, _ in
  }
  var added: (inout TokenAdditions) -> Void = { _ in }

  init(
    _ name: String, stage: InterventionNeeds.Stage = .additions,
    onPrepare: @escaping Prepare = { _, _, _, _ in [] }
  ) {
    (self.name, self.onPrepare) = (name, onPrepare)
    needs = InterventionNeeds(stage: stage)
  }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] { [] }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) throws -> [Bool] { try onPrepare(step, &batch, &shaping, observed) }

  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) throws -> TokenAdditions {
    onEvaluate(run, first, coefficients)
    var additions = TokenAdditions(count: run.count)
    added(&additions)
    return additions
  }

  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    gradient[0] += 1
    gradient[1] -= 1
    return 1
  }

  func takeMetrics() -> StepMetrics { StepMetrics() }
  func takeColumns() -> [TokenColumn] { [] }
  func saveState() throws -> Data? { nil }
  func restoreState(_ state: Data) throws {}
}
