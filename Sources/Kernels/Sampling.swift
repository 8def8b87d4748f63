import CKernels
import Tensors

/// How a token is drawn: temperature, then top-k, top-p and min-p, each on what the one before it
/// left, as the warpers of Hugging Face transformers do.
public struct SamplingLaw: Sendable, Equatable {
  /// Divides the logits. 0 takes the most probable id, the lowest on a tie, whatever else is set;
  /// log-probabilities are then those of temperature 1.
  public var temperature: Float
  /// Only ids whose logit reaches the `topK`-th largest (ties with it stay); 0 for all. Fan et al.
  /// 2018, "Hierarchical Neural Story Generation" (arXiv:1805.04833).
  public var topK: Int
  /// Then the fewest ids, most probable first and lower ids first among equals, whose renormalised
  /// probabilities reach `topP`; 1 for all. Holtzman et al. 2020 (arXiv:1904.09751).
  public var topP: Float
  /// Then ids of at least `minP` times the largest probability; 0 for all. Nguyen et al. 2024
  /// (arXiv:2407.01082).
  public var minP: Float

  public init(temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0) {
    precondition(
      temperature >= 0 && temperature.isFinite && topK >= 0 && topP > 0 && topP <= 1 && minP >= 0
        && minP <= 1,
      "a law of temperature \(temperature), top-k \(topK), top-p \(topP), min-p \(minP)")
    (self.temperature, self.topK, self.topP, self.minP) = (temperature, topK, topP, minP)
  }

  fileprivate var code: tk_sampling {
    tk_sampling(
      temperature: temperature, top_k: Int32(clamping: topK), top_p: topP, min_p: minP)
  }
}

/// One token a row; log-probabilities and entropies in nats.
public struct DrawnTokens: Sendable {
  public let tokens: [Int32]
  /// Under the law that the token was drawn from.
  public let behaviour: [Float]
  /// The tokens under softmax(logits / temperature), whatever was cut.
  public let law: TokenLogprob
  /// Under that law; equal to `behaviour` to the bit where nothing was cut.
  public var old: [Float] { law.logprobs }
  public var entropies: [Float] { law.entropies }
}

public enum Sampling {
  /// Draws a token from each row of `logits`, by inverting the cumulative distribution over the
  /// ids that are left, in order of id, at `uniforms[row]`.
  ///
  /// - Parameters:
  ///   - logits: `[rows, columns]`.
  ///   - uniforms: `[rows]`, in `[0, 1)`.
  ///   - allowed: how many ids can be drawn; all columns unless given.
  public static func draw(
    _ logits: Matrix, uniforms: [Double], _ law: SamplingLaw, allowed: Int? = nil
  ) -> DrawnTokens {
    let allowed = allowed ?? logits.columns
    precondition(
      allowed > 0 && allowed <= logits.columns, "\(allowed) allowed ids of \(logits.columns)")
    precondition(
      uniforms.count == logits.rows, "\(uniforms.count) uniforms for \(logits.rows) rows")
    for uniform in uniforms {
      precondition(uniform >= 0 && uniform < 1, "a uniform of \(uniform) is outside 0..<1")
    }
    var tokens = [Int32](repeating: 0, count: logits.rows)
    var behaviour = [Float](repeating: 0, count: logits.rows)
    var old = behaviour
    var entropies = behaviour
    var lse = [Double](repeating: 0, count: logits.rows)
    withUnsafePointer(to: law.code) {
      tk_sample(
        &tokens, &behaviour, &old, &entropies, &lse, logits.base, Int64(logits.stride), uniforms,
        $0, Int64(logits.rows), Int64(allowed))
    }
    return DrawnTokens(
      tokens: tokens, behaviour: behaviour,
      law: TokenLogprob(logprobs: old, entropies: entropies, lse: lse, allowed: allowed))
  }
}
