import Glibc
import TemperPlugin

/// The mean entropy of each turn in earlier rollouts.
///
/// A rollout may serve several optimizer steps; what they show of it is gathered, and counts when
/// the next rollout comes.
struct History: PluginState {
  struct Sum: Codable {
    var sum = 0.0
    var count = 0.0
  }

  private var rollout = 0
  /// By turn: old entropies of the rollout under way, and its tokens.
  private var gathered: [Sum] = []
  /// By turn: mean entropies of earlier rollouts, and how many had the turn.
  private var earlier: [Sum] = []

  /// hbar by turn; `nil` for a turn that was never seen.
  var means: [Double?] { earlier.map { $0.count > 0 ? $0.sum / $0.count : nil } }

  /// Closes the rollout under way if `rollout` is another.
  ///
  /// - Parameter window: what came `window` rollouts ago counts 1/e of what comes now, about.
  mutating func turn(to rollout: Int, window: Double?) {
    guard rollout != self.rollout else { return }
    let decay = window.map { 1 - 1 / $0 } ?? 1
    for (turn, now) in gathered.enumerated() where now.count > 0 {
      while earlier.count <= turn { earlier.append(Sum()) }
      earlier[turn].sum = decay * earlier[turn].sum + now.sum / now.count
      earlier[turn].count = decay * earlier[turn].count + 1
    }
    (gathered, self.rollout) = ([], rollout)
  }

  mutating func gather(_ tokens: Tokens) {
    for t in tokens.trained {
      let turn = Int(tokens.turns[t])
      while gathered.count <= turn { gathered.append(Sum()) }
      gathered[turn].sum += Double(tokens.oldEntropies[t])
      gathered[turn].count += 1
    }
  }
}

/// How beta_k, the weight of the penalty, moves through a run.
enum Phase: String, PluginChoice {
  case constant
  /// The released code's: from 1 to 0.83 in the first half, from 0.77 to 0.04 in the second.
  case codeDecay = "code_decay"
  /// 1 + exp(-gamma k / k_mid)
  case expDecay = "exp_decay"
  /// 1 less that of the code.
  case rising

  /// - Parameters:
  ///   - iteration: `k`, rollouts done.
  ///   - total: rollouts of the run.
  ///   - middle: `k_mid`; `nil` for half of the run.
  func weight(iteration: Int, of total: Int, gamma: Double, middle: Double?) -> Double {
    switch self {
    case .constant: 1
    case .codeDecay: decay(iteration, total)
    case .expDecay:
      1 + exp(-gamma * Double(iteration) / (middle ?? max(Double(total) / 2, 1)))
    case .rising: 1 - decay(iteration, total)
    }
  }

  private func decay(_ iteration: Int, _ total: Int) -> Double {
    let half = total / 2
    guard total > 0, half > 0 || iteration > 0 else { return 1 }
    return iteration <= half
      ? 1 - 0.2 * (1 - exp(-2 * Double(iteration) / Double(half)))
      : 0.8 * exp(-3 * Double(iteration - half) / Double(total - half))
  }
}
