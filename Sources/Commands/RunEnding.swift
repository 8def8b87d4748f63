import Checkpoints
import Foundation
import JSON
import Metrics
import Training

/// How a run that trains is carried out and how it ends, the same for every command.
struct RunEnding {
  /// `grpo`: what `--resume` is given to.
  let command: String
  let configuration: RunConfiguration
  let folder: RunFolder
  let model: LoadedModel

  /// Does the steps that are left, writes the model where it was asked for, and says what is where.
  ///
  /// - Parameter done: the steps that an earlier process did.
  func carryOut(_ run: TrainingRun, after done: Int, total: Int, json: Bool) throws {
    let outcome: TrainingRun.Outcome
    do {
      outcome = try run.run(
        after: done, total: total, isInterrupted: { Interruption.isRequested })
      if outcome == .finished, let output = configuration.output {
        try model.write(to: URL(filePath: output), as: configuration.outputDType.fileType)
      }
    } catch {
      if json, let stopped = error as? StoppedRun { Console.report(record(stopped).serialized()) }
      if let last = folder.checkpoints().all().last {
        Console.note("temper: the run is kept up to step \(last.step); go on with: \(goOn)")
      }
      throw error
    }
    report(outcome, json: json)
  }

  private func record(_ stopped: StoppedRun) -> JSONLiteral {
    [
      "run": .string(folder.folder.path), "status": "stopped", "step": .int(stopped.step),
      "detector": .string(stopped.detector), "reason": .string(stopped.reason),
    ]
  }

  private var goOn: String { "temper \(command) --resume \(folder.folder.path)" }

  private func report(_ outcome: TrainingRun.Outcome, json: Bool) {
    let latest = folder.folder.appending(path: "checkpoints/latest/model").path
    var result: JSONLiteral = ["run": .string(folder.folder.path)]
    switch outcome {
    case .finished:
      result["status"] = "finished"
      result["model"] = .string(configuration.output ?? latest)
      Console.note("done; the model is in \(configuration.output ?? latest)")
    case .interrupted(let step):
      result["status"] = "interrupted"
      result["model"] = .string(latest)
      result["step"] = .int(step)
      Console.note("stopped after step \(step); go on with: \(goOn)")
    }
    if json { Console.report(result.serialized()) }
  }
}

extension RunConfiguration {
  /// A recorder, and the event file beside it where the run keeps one.
  func recorders(_ recorder: any MetricRecorder, in folder: RunFolder) -> any MetricRecorder {
    guard tensorBoard else { return recorder }
    return RecorderGroup([recorder, TensorBoardRecorder(in: folder.folder)])
  }
}

extension RunFolder {
  /// What a resumed run goes on from; `nil` where it was stopped before its first checkpoint, and
  /// starts anew.
  func checkpointToResume() throws -> Checkpoint? {
    do {
      let found = try checkpoints().newest()
      for refused in found.refused { Console.note("temper: passed over \(refused)") }
      return found.checkpoint
    } catch CheckpointError.noCheckpoint(_, let refused) where refused.isEmpty {
      Console.note("temper: the run has no checkpoint yet, and starts at its first step")
      return nil
    }
  }
}
