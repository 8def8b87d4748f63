import ArgumentParser
import Checkpoints
import Foundation
import JSON

/// `temper inspect`: look into a run, a step, a completion, a token, or at two checkpoints.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Look into a run: its steps, a step's completions, their tokens; or compare two checkpoints.",
    usage: """
      temper inspect RUN
      temper inspect RUN --step 12 [--completion 3 [--token 5]] [--entropy NAME ...] [--html FILE]
      temper inspect CHECKPOINT CHECKPOINT [--matrices] [--html FILE]
      """,
    discussion: """
      A step is replayed without sampling: the policy that sampled it scores its completions again, \
      and interventions prepare the update that they would have made of it. Several --entropy stand \
      side by side; 'none' is plain GRPO. The run has to have kept its columns (--run.log-columns).

      Of two checkpoints, or model folders, it shows how their weights differ, layer by layer: norms, \
      sparsity at bfloat16, spectra and singular subspaces, and what layers add to the residual \
      stream.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's folder; or a checkpoint's, or a model's, to compare.", valueName: "run"))
  var path: String
  @Argument(help: ArgumentHelp("What to compare it with.", valueName: "checkpoint"))
  var other: String?
  @Option(help: "The step to look into.") var step: Int?
  @Option(help: "A completion of the step, by its number in the list.") var completion: Int?
  @Option(help: "A token of the completion, from 0.") var token: Int?
  @Option(
    help: "An intervention as in temper grpo; repeatable. The run's own ones unless given.")
  var entropy: [String] = []
  @Option(help: "The policy that sampled the step; found in the run unless given.")
  var model: String?
  @Option(help: "A further folder with plugins.") var plugins: [String] = []
  @Option(help: "Write the step, or the comparison, as a page to this file.") var html: String?
  @Flag(help: "Of two checkpoints: a line for every tensor.") var matrices = false
  @Flag(
    inversion: .prefixedNo,
    help: "Of two checkpoints: also singular values and vectors, which take most of the time.")
  var spectra = true
  @Option(help: "Of two checkpoints: a text that shows what layers add; repeatable.")
  var prompt: [String] = []
  @Flag(help: "Print as JSON.") var json = false

  func validate() throws {
    if other != nil {
      guard step == nil, completion == nil, token == nil, entropy.isEmpty, model == nil else {
        throw ValidationError("two checkpoints are compared as they are, without a step.")
      }
      return
    }
    guard !matrices, spectra, prompt.isEmpty else {
      throw ValidationError("--matrices, --no-spectra and --prompt go with two checkpoints.")
    }
    guard step != nil || (completion == nil && html == nil && entropy.isEmpty && model == nil)
    else { throw ValidationError("--step N says which step to look into.") }
    guard completion != nil || token == nil else {
      throw ValidationError("--completion K says whose token it is.")
    }
  }

  func run() throws {
    if let other { return try compare(with: other) }
    let folder = try RunFolder(reading: URL(filePath: path))
    guard let step else {
      let overview = try RunOverview(folder)
      return Console.report(json ? overview.json.serialized() : overview.table)
    }
    let session = try InspectSession(
      folder, step: step, entropy: entropy, model: model, plugins: plugins)
    let place = try completion.map { try session.place(completion: $0, token: token) }
    let replays = try session.replays(keeping: place?.token)
    let view = ReplayView(session, replays)
    if let html {
      try AtomicFile.write(view.page, to: URL(filePath: html))
      Console.note("the page is in \(html)")
      if place == nil { return }
    }
    guard let place else {
      return Console.report(json ? view.completionsJSON.serialized() : view.completionsTable)
    }
    if place.token != nil {
      Console.report(json ? view.choicesJSON.serialized() : view.choicesTable)
    } else {
      Console.report(
        json
          ? view.tokensJSON(of: place.completion).serialized()
          : view.tokensTable(of: place.completion))
    }
  }
  private func compare(with other: String) throws {
    let comparison = try CheckpointComparison(
      path, other, prompts: prompt.isEmpty ? CheckpointComparison.usualPrompts : prompt,
      withSpectra: spectra)
    if let html {
      try AtomicFile.write(comparison.page, to: URL(filePath: html))
      Console.note("the page is in \(html)")
      if !json { return }
    }
    Console.report(
      json ? comparison.json.serialized() : comparison.table(isDetailed: matrices))
  }
}
