import Detectors
import Foundation
import Metrics
import Trajectories

extension DetectorLook {
  /// 30 healthy steps with an evaluation and a checkpoint at every tenth.
  static func run(seed: UInt64) -> [DetectorLook] {
    var draws = Draws(seed: 1000 + seed)
    return (1...30).flatMap { step -> [DetectorLook] in
      let look = DetectorLook(step: step, &draws)
      var events: [DetectionEvent] = [.rollout, .gradients, .update, .step]
      if step % 10 == 1 { events += [.evaluation, .checkpoint] }
      return events.map { look.at($0) }
    }
  }

  /// Steps in which everything goes wrong, a little or altogether.
  static func trouble(seed: UInt64) -> [DetectorLook] {
    var draws = Draws(seed: 2000 + seed)
    return (31...50).flatMap { step -> [DetectorLook] in
      let look = DetectorLook(step: step, &draws).spoiled(by: Float(exp(6 * draws.uniform())))
      return DetectionEvent.allCases.map { look.at($0) }
    }
  }

  /// Every event of steps that hold nothing, or no numbers.
  static func odd(_ oddity: Oddity) -> [DetectorLook] {
    var draws = Draws(seed: 3000)
    return (51...56).flatMap { step in
      var look = DetectorLook(step: step, &draws)
      switch oddity {
      case .empty: look.clear(sequences: step % 2 == 0 ? 2 : 0)
      case .failed:
        look.outcomes.rewards = look.outcomes.rewards.map { _ in nil }
        look.outcomes.verdicts = look.outcomes.verdicts.map { _ in .failed }
        look.tokens.mask = look.tokens.mask.map { _ in 0 }
      case .oneToken: look = look.ofOneToken
      case .notANumber: look.fill(with: .nan)
      case .infinite: look.fill(with: step % 2 == 0 ? .infinity : -.infinity)
      case .huge: look.fill(with: step % 2 == 0 ? 3e38 : -3e38)
      }
      return DetectionEvent.allCases.map { look.at($0) }
    }
  }

  private func at(_ event: DetectionEvent) -> DetectorLook {
    var look = self
    look.event = event
    return look
  }

  /// - Parameter step: its numbers wander a little from one to the next.
  private init(step: Int, _ draws: inout Draws) {
    (event, self.step) = (.rollout, step)
    let (sequences, length, vocabulary) = (8, 6, 12)
    let count = sequences * length
    rows = (0..<count).map { _ in draws.normals(vocabulary).map { 1.5 * $0 } }
    tokens = TokenBatch(
      prompts: Array(repeating: [1], count: sequences),
      completions: Array(repeating: Array(repeating: 0, count: length), count: sequences))
    tokens.referenceLogprobs = Array(repeating: 0, count: count)
    for t in 0..<count {
      let token = draws.token(of: rows[t])
      let row = PolicyRow(z: rows[t])
      tokens.tokens[t] = Int32(token)
      tokens.oldLogprobs[t] = row.logprobs[token]
      tokens.behaviourLogprobs[t] = row.logprobs[token] + Float(1e-6 * draws.normal())
      tokens.logprobs[t] = row.logprobs[token] + Float(0.02 * draws.normal())
      tokens.referenceLogprobs![t] = row.logprobs[token] + Float(0.05 * draws.normal())
      (tokens.entropies[t], tokens.oldEntropies[t]) = (row.entropy, row.entropy)
      tokens.mask[t] = t % 7 == 6 ? 0 : 1
    }
    var rewards: [Float?] = []
    for s in 0..<sequences {
      tokens.groups[s] = s / 4
      let reward: Float = draws.uniform() < 0.5 ? 1 : 0
      rewards.append(s == 3 && step % 8 == 0 ? nil : reward)
      for t in tokens.range(s) { tokens.advantages[t] = reward - 0.5 }
    }
    outcomes = Outcomes(
      groups: tokens.groups, rewards: rewards,
      verdicts: rewards.map { $0.map { $0 > 0 ? .right : .wrong } ?? .failed },
      truncated: (0..<sequences).map { _ in draws.uniform() < 0.05 },
      lengths: Array(repeating: length, count: sequences),
      texts: (0..<sequences).map { "answer \($0 % 3 + step)" },
      components: [
        ("format", rewards.map { $0 ?? 0 }), ("length", (0..<sequences).map { Float($0) / 8 }),
      ])
    tensors = (0..<4).map { Tensor(number: $0, step: step, &draws) }
    heads = (0..<4).map { number in
      var head = AttentionHead(layer: number / 2, head: number % 2)
      head.entropy = 0.5 + 0.05 * draws.normal()
      head.bound = 0.5 * head.entropy
      (head.scoreMax, head.scoreNorm) = (8 + draws.uniform(), 12 + draws.uniform())
      (head.sink, head.queryRMS, head.keyRMS) = (0.3, 1, 1)
      return head
    }
    logits = rows.prefix(8).map { row in
      (row.map { Float($0) }, row.map { _ in Float(0.01 * draws.normal()) })
    }
    metrics["reward/mean"] = 0.5 + 0.05 * draws.normal()
    metrics["policy/loss"] = 0.01 * draws.normal()
    metrics["policy/forward_gap"] = 1e-6
    metrics["policy/kl_reference"] = 0.01
    metrics["eval/first/accuracy"] = 0.5 + 0.02 * draws.normal()
    metrics["eval/second/accuracy"] = 0.6 + 0.02 * draws.normal()
  }

  /// The same step of a run that is about to die.
  private func spoiled(by factor: Float) -> DetectorLook {
    var look = self
    let wide = Double(factor)
    look.tokens.entropies = tokens.entropies.map { $0 / (factor * factor) }
    look.tokens.oldLogprobs = tokens.oldLogprobs.map { $0 - 0.1 * factor }
    look.outcomes.truncated = outcomes.truncated.map { _ in factor > 5 }
    look.outcomes.rewards = outcomes.rewards.map { _ in 1 }
    look.outcomes.lengths = outcomes.lengths.map { $0 * Int(factor) }
    look.outcomes.texts = outcomes.texts.map { _ in String(repeating: "ha", count: 400) }
    look.rows = rows.enumerated().map { t, row in row.map { $0 * (t % 6 < 3 ? 1 : wide) } }
    for place in tensors.indices {
      look.tensors[place].view.gradientNorm *= wide
      look.tensors[place].view.gradientMax *= wide * wide
      look.tensors[place].view.updateNorm *= wide
      look.tensors[place].view.spikes = 30
      look.tensors[place].weights = tensors[place].weights.map { -factor * $0 }
    }
    for place in heads.indices {
      look.heads[place].entropy /= wide
      look.heads[place].scoreMax *= 10 * wide
    }
    look.logits = logits.map { row, change in
      (row.map { factor * $0 }, change.map { 10 * factor * $0 })
    }
    for (name, value) in metrics { look.metrics[name] = value / wide }
    look.metrics["policy/loss"] = wide
    return look
  }

  private mutating func clear(sequences: Int) {
    tokens = TokenBatch(
      prompts: Array(repeating: [1], count: sequences),
      completions: Array(repeating: [], count: sequences))
    rows = []
    outcomes = Outcomes(
      groups: tokens.groups, rewards: tokens.groups.map { _ in nil },
      verdicts: tokens.groups.map { _ in .failed }, truncated: tokens.groups.map { _ in false },
      lengths: tokens.groups.map { _ in 0 }, texts: tokens.groups.map { _ in "" })
    (tensors, heads, logits, metrics) = ([], [], [], StepMetrics())
  }

  private var ofOneToken: DetectorLook {
    var look = self
    look.tokens = tokens.sequences(0..<1)
    look.tokens.mask = look.tokens.mask.indices.map { $0 == 0 ? 1 : 0 }
    look.rows = Array(rows.prefix(look.tokens.count))
    look.outcomes = Outcomes(
      groups: [0], rewards: [1], verdicts: [.right], truncated: [false], lengths: [1], texts: ["1"])
    look.tensors = Array(tensors.prefix(1))
    look.heads = Array(heads.prefix(1))
    look.logits = Array(logits.prefix(1))
    return look
  }

  /// Every number that a run can come to.
  private mutating func fill(with value: Float) {
    func column(_ values: [Float]) -> [Float] { values.map { _ in value } }
    tokens.advantages = column(tokens.advantages)
    tokens.logprobs = column(tokens.logprobs)
    tokens.oldLogprobs = column(tokens.oldLogprobs)
    tokens.behaviourLogprobs = column(tokens.behaviourLogprobs)
    tokens.referenceLogprobs = tokens.referenceLogprobs.map(column)
    tokens.entropies = column(tokens.entropies)
    tokens.oldEntropies = column(tokens.oldEntropies)
    let wide = Double(value)
    for place in tensors.indices {
      let figures = [
        \TensorView.weightNorm, \.gradientNorm, \.gradientMax, \.gradientMean, \.alignment,
        \.spikes, \.updateNorm,
      ]
      for figure in figures { tensors[place].view[keyPath: figure] = wide }
      tensors[place].weights = column(tensors[place].weights)
      tensors[place].gradient = column(tensors[place].gradient)
    }
    for place in heads.indices {
      let figures = [
        \AttentionHead.entropy, \.bound, \.scoreMax, \.scoreNorm, \.sink, \.queryRMS, \.keyRMS,
      ]
      for figure in figures { heads[place][keyPath: figure] = wide }
    }
    logits = logits.map { (column($0.row), column($0.change)) }
    for name in metrics.names { metrics[name] = wide }
    learningRate = wide
  }
}

extension DetectorLook.Tensor {
  fileprivate init(number: Int, step: Int, _ draws: inout Draws) {
    let shape = number == 3 ? [12] : [6 + 2 * number, 10]
    let count = shape.reduce(1, *)
    previous = draws.normals(count).map { Float(0.1 * $0) }
    gradient = draws.normals(count).map { Float(0.01 * $0) }
    weights = zip(previous, gradient).map { $0 - 1e-3 * $1 }
    func norm(_ values: [Float]) -> Double {
      values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    view = TensorView(name: "model.layers.\(number).weight", shape: shape)
    view.weightNorm = norm(previous)
    view.gradientNorm = norm(gradient)
    view.gradientMax = gradient.reduce(0) { max($0, Double(abs($1))) }
    view.gradientMean = gradient.reduce(0) { $0 + Double(abs($1)) } / Double(count)
    view.alignment = zip(previous, gradient).reduce(0) { $0 - Double($1.0) * Double($1.1) }
    view.spikes = 0
    view.updateNorm = 1e-3 * view.gradientNorm
  }
}
