import CPluginABI
import FoundationEssentials

/// The `temper.verifier/1` table of every Swift verifier.
nonisolated(unsafe) let verifierTable = permanent(
  temper_verifier(
    size: size(of: temper_verifier.self),
    judge: { instance, samples, count, judgements, error in
      report(to: error) {
        let instance = VerifierInstance.at(instance)
        for index in 0..<count {
          let judgement = instance.judge(Sample(sample: samples![index]!))
          write(
            judgement, reward: instance.rewards.reward(of: judgement), to: judgements![index]!)
        }
      }
    }))

final class VerifierInstance: Instance {
  let verifier: any Verifier
  let rewards: Rewards

  convenience init(
    _ type: (some Verifier).Type, _ configuration: Data, _ host: Host
  ) throws {
    try self.init(type, .decoded(from: configuration), host)
  }

  private init<V: Verifier>(_ type: V.Type, _ configuration: V.Configuration, _ host: Host) throws {
    verifier = try V(configuration, host: host)
    rewards = Rewards(configuration)
  }

  func judge(_ sample: Sample) -> Judgement {
    do { return try verifier.judge(sample) } catch { return .failed("\(error)") }
  }
}

private func write(
  _ judgement: Judgement, reward: Float, to out: UnsafeMutablePointer<temper_judgement>
) {
  out.pointee.verdict =
    switch judgement.verdict {
    case .right: TEMPER_RIGHT
    case .wrong: TEMPER_WRONG
    case .unparsable: TEMPER_UNPARSABLE
    case .failed: TEMPER_FAILED
    }
  out.pointee.reward = reward
  write(judgement.reason, to: out.pointee.reason)
  write(judgement.answer, to: out.pointee.answer)
}

/// Appends a text to what the host collects.
func write(_ text: String, to sink: temper_sink) {
  guard !text.isEmpty else { return }
  text.withTemperText { sink.write(sink.context, $0.data, $0.size) }
}
