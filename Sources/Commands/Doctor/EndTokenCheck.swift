import Datasets
import JSON
import Rollouts
import Tokenizers

/// Whether a completion can end before it is cut: the model has an end token, the sampler may draw
/// it, and it is the one that the chat template ends an answer with.
struct EndTokenCheck {
  let model: LoadedModel
  let format: any PromptFormat
  let sampling: SamplingSettings

  init(_ model: LoadedModel, _ format: any PromptFormat, _ sampling: SamplingSettings) {
    (self.model, self.format, self.sampling) = (model, format, sampling)
  }

  private static let remedy =
    "set eos_token_id in generation_config.json to the id that ends an answer, or name a stop text "
    + "with --stop"

  var finding: Finding {
    let named = model.generation.endTokenIDs
    let allowed = model.transformer.allowedIds
    let reachable = named.filter { $0 < allowed }
    let hasStop = !sampling.stopStrings.isEmpty
    guard !reachable.isEmpty else {
      let reason =
        named.isEmpty
        ? "the model names no end token"
        : "its end tokens \(list(named)) are beyond the \(allowed) ids that can be sampled"
      return Finding(
        "end token", hasStop ? .warning : .fault,
        "\(reason): completions end at \(hasStop ? "a stop text or " : "")the length limit alone",
        remedy: Self.remedy)
    }
    let beyond = named.filter { $0 >= allowed }
    if let closing = closingToken, !reachable.contains(Int(closing)) {
      let piece = model.tokenizer.piece(of: closing) ?? ""
      return Finding(
        "end token", hasStop ? .warning : .fault,
        "the chat template ends an answer with \(piece) (\(closing)), and the model's end tokens "
          + "are \(words(reachable)): it writes on behind its answer",
        remedy: Self.remedy)
    }
    guard beyond.isEmpty else {
      return Finding(
        "end token", .warning,
        "\(words(reachable)); \(list(beyond)) is beyond the \(allowed) ids that can be sampled",
        remedy: "take it out of eos_token_id")
    }
    return Finding("end token", .ok, words(reachable))
  }

  /// The special token that stands behind an answer; `nil` where the template writes none.
  private var closingToken: Int32? {
    let messages: [JSONLiteral] = [
      ["role": "user", "content": "What is 2 + 2?"],
      ["role": "assistant", "content": "It is 4."],
    ]
    guard format.isChat,
      let text = try? format.render(messages, tools: .null, addGenerationPrompt: false),
      let end = text.ranges(of: "It is 4.").last?.upperBound
    else { return nil }
    return format.encode(String(text[end...]), addSpecialTokens: false).first {
      model.tokenizer.isSpecial($0)
    }
  }

  private func words(_ ids: [Int]) -> String {
    ids.map { id in
      (model.tokenizer.piece(of: Int32(id)) ?? "").isEmpty
        ? "\(id)" : "\(model.tokenizer.piece(of: Int32(id))!) (\(id))"
    }.joined(separator: ", ")
  }

  private func list(_ ids: [Int]) -> String { ids.map(String.init).joined(separator: ", ") }
}
