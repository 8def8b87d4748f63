import Foundation
import JSON
import Metrics
import Tokenizers
import Training

/// What is shown of a replayed step, several methods side by side.
struct ReplayView {
  let session: InspectSession
  /// `[methods]`
  let replays: [Replay]

  init(_ session: InspectSession, _ replays: [Replay]) {
    (self.session, self.replays) = (session, replays)
  }

  var names: [String] { session.methods.map(\.name) }

  // MARK: A step

  /// One line a completion.
  var completionsTable: String {
    let batch = session.recorded.batch
    let header =
      ["#", "prompt", "sample", "reward", "tokens", "entropy", "advantage"]
      + names.map { "|gradient| \($0)" } + ["text"]
    let rows = session.recorded.completions.indices.map { index -> [String] in
      let completion = session.recorded.completions[index]
      let range = batch.range(index)
      let entropies = batch.oldEntropies[range]
      let mean = entropies.isEmpty ? 0 : entropies.reduce(0, +) / Float(entropies.count)
      return [
        "\(index)", completion.promptID, "\(completion.sample)",
        completion.reward.map(short) ?? completion.verdict, "\(range.count)", short(mean),
        range.first.map { short(batch.advantages[$0]) } ?? "-",
      ] + replays.map { short(norm($0.gradientNorms[range])) } + [oneLine(completion.text, 40)]
    }
    let losses = zip(names, replays).map { "\($0) \(short($1.loss))" }.joined(separator: ", ")
    return columns([header] + rows) + "\n\nloss of the step: \(losses)"
  }

  var completionsJSON: JSONLiteral {
    let batch = session.recorded.batch
    return [
      "loss": .object(zip(names, replays).map { .init($0, .double($1.loss)) }),
      "completions": .array(
        session.recorded.completions.indices.map { index in
          let completion = session.recorded.completions[index]
          let range = batch.range(index)
          return [
            "prompt_id": .string(completion.promptID), "sample": .int(completion.sample),
            "reward": completion.reward.map { .double($0) } ?? .null, "tokens": .int(range.count),
            "gradient": .object(
              zip(names, replays).map { .init($0, .float(norm($1.gradientNorms[range]))) }),
            "text": .string(completion.text),
          ]
        }),
    ]
  }

  // MARK: A completion

  /// One line a token.
  func tokensTable(of completion: Int) -> String {
    let batch = session.recorded.batch
    let own = replays.count == 1 ? replays[0].columns : []
    let titles =
      ["#", "text", "logprob", "entropy", "ratio"]
      + names.flatMap { ["\($0): advantage", "weight", "|gradient|"] }
      + own.map { String($0.name.split(separator: "/").last ?? "") }
    let rows = batch.range(completion).enumerated().map { number, t -> [String] in
      [
        "\(number)", text(batch.tokens[t]), short(batch.oldLogprobs[t]),
        short(batch.oldEntropies[t]),
        short(replays[0].ratios[t]),
      ]
        + replays.flatMap { replay in
          replay.batch.mask[t] == 0
            ? ["masked", "-", short(replay.gradientNorms[t])]
            : [
              short(replay.batch.advantages[t]), short(replay.shaping.weights[t]),
              short(replay.gradientNorms[t]),
            ]
        } + own.map { short($0.values[t]) }
    }
    return columns([titles] + rows)
  }

  func tokensJSON(of completion: Int) -> JSONLiteral {
    let batch = session.recorded.batch
    return .array(batch.range(completion).map { tokenJSON($0) })
  }

  private func tokenJSON(_ t: Int) -> JSONLiteral {
    let batch = session.recorded.batch
    return [
      "id": .int(Int(batch.tokens[t])), "text": .string(text(batch.tokens[t])),
      "logprob": .float(batch.oldLogprobs[t]), "entropy": .float(batch.oldEntropies[t]),
      "ratio": .float(replays[0].ratios[t]),
      "methods": .object(
        zip(names, replays).map { name, replay in
          .init(
            name,
            [
              "mask": .int(Int(replay.batch.mask[t])),
              "advantage": .float(replay.batch.advantages[t]),
              "weight": .float(replay.shaping.weights[t]),
              "gradient": .float(replay.gradientNorms[t]),
              "columns": .object(
                replay.columns.map {
                  .init($0.name, $0.values[t].isFinite ? .float($0.values[t]) : .null)
                }),
            ])
        }),
    ]
  }

  // MARK: A token

  private static let choices = 15

  /// The likeliest ids at a token, with the gradient of each one's logit: negative raises it.
  var choicesTable: String {
    guard let row = replays.first?.row else { return "" }
    let batch = session.recorded.batch
    let titles = ["id", "text", "probability"] + names.map { "d loss/d logit: \($0)" }
    let rows = likeliest(row).map { id -> [String] in
      let mark = Int32(id) == batch.tokens[row.token] ? " *" : ""
      return ["\(id)", text(Int32(id)) + mark, short(exp(row.logprobs[id]))]
        + replays.map { short($0.row!.gradient[id]) }
    }
    return columns([titles] + rows)
      + "\n\n* was sampled; a step against the gradient raises what is negative"
  }

  var choicesJSON: JSONLiteral {
    guard let row = replays.first?.row else { return .null }
    return .array(
      likeliest(row).map { id in
        [
          "id": .int(id), "text": .string(text(Int32(id))), "logprob": .float(row.logprobs[id]),
          "gradient": .object(
            zip(names, replays).map { .init($0, .float($1.row!.gradient[id])) }),
        ]
      })
  }

  /// The most probable ids and the sampled one.
  private func likeliest(_ row: Replay.Row) -> [Int] {
    let sampled = Int(session.recorded.batch.tokens[row.token])
    let order = row.logprobs.indices.sorted {
      (row.logprobs[$0], $1) > (row.logprobs[$1], $0)
    }
    let first = Array(order.prefix(Self.choices))
    return first.contains(sampled) ? first : first + [sampled]
  }

  // MARK: Texts

  func text(_ id: Int32) -> String {
    oneLine(session.tokenizer.decode([id], skipSpecial: false), 24)
  }

  func norm(_ values: ArraySlice<Float>) -> Float {
    Float(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
  }
}

func short(_ value: Float) -> String { value.isFinite ? Progress.short(Double(value)) : "-" }
func short(_ value: Double) -> String { value.isFinite ? Progress.short(value) : "-" }

/// A text on one line, white space shown, cut to `length`.
func oneLine(_ text: String, _ length: Int) -> String {
  let line = text.replacing("\n", with: "⏎").replacing("\t", with: "⇥").replacing(" ", with: "·")
  return line.count <= length ? line : line.prefix(length - 1) + "…"
}
