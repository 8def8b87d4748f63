import ArgumentParser
import Checkpoints
import Foundation
import JSON

/// `temper inspect`: look into a run, a step, a completion, a token.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Look into a run: its steps, a step's completions, their tokens, one token's choices.",
    usage: """
      temper inspect RUN
      temper inspect RUN --step 12 [--completion 3 [--token 5]] [--entropy NAME ...] [--html FILE]
      """,
    discussion: """
      A step is replayed without sampling: the policy that sampled it scores its completions again, \
      and interventions prepare the update that they would have made of it. Several --entropy stand \
      side by side; 'none' is plain GRPO. The run has to have kept its columns (--run.log-columns).
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run")) var path: String
  @Option(help: "The step to look into.") var step: Int?
  @Option(help: "A completion of the step, by its number in the list.") var completion: Int?
  @Option(help: "A token of the completion, from 0.") var token: Int?
  @Option(
    help: "An intervention as in temper grpo; repeatable. The run's own ones unless given.")
  var entropy: [String] = []
  @Option(help: "The policy that sampled the step; found in the run unless given.")
  var model: String?
  @Option(help: "A further folder with plugins.") var plugins: [String] = []
  @Option(help: "Write the step as a page to this file.") var html: String?
  @Flag(help: "Print as JSON.") var json = false

  func validate() throws {
    guard step != nil || (completion == nil && html == nil && entropy.isEmpty && model == nil)
    else { throw ValidationError("--step N says which step to look into.") }
    guard completion != nil || token == nil else {
      throw ValidationError("--completion K says whose token it is.")
    }
  }

  func run() throws {
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
}
