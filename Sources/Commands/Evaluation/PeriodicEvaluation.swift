import Checkpoints
import Evaluation
import Foundation
import JSON
import Metrics
import Rollouts

/// What a training run measures of itself on the way.
struct EvaluationSettings: Sendable {
  /// Suites, the one that is being learned first.
  var suites: [String] = []
  /// Steps between evaluations; as often as checkpoints unless set.
  var every: Int?
  /// The folder with data of others.
  var data: String?
  /// Rows of each suite, chosen by a hash of their ids; nil for all.
  var probe: Int?
  /// Completions sampled for each problem; the suite's own unless set.
  var samples: Int?
  var maximumNewTokens: Int?
  /// Tasks of the run's environment; asked wherever ``every`` is set.
  var problems = 100
  /// Whether every evaluation has a report in the run's folder.
  var reports = true
}

extension SettingsTable {
  /// The settings of ``EvaluationSettings`` at `path`.
  static func evaluationSettings(
    _ path: WritableKeyPath<Root, EvaluationSettings>
  ) -> [Setting<Root>] {
    [
      Setting(
        "eval.suites", path.appending(path: \.suites), "eval",
        help: "A suite to measure before, during and after training; repeat it for several."),
      Setting(
        "eval.every", path.appending(path: \.every), "eval-every",
        help: "Steps between evaluations; as often as checkpoints unless set."),
      Setting(
        "eval.data", path.appending(path: \.data), "eval-data",
        help: "The folder with the data of suites; TEMPER_DATA unless set."),
      Setting(
        "eval.probe", path.appending(path: \.probe), "eval-probe",
        help: "Only so many rows of each suite, chosen by a hash of their ids."),
      Setting(
        "eval.samples", path.appending(path: \.samples), "eval-samples",
        help: "Completions sampled for each problem; the suite's own number unless set."),
      Setting(
        "eval.max_new_tokens", path.appending(path: \.maximumNewTokens), "eval-max-new-tokens",
        help: "The longest completion of an evaluation; the suite's own limit unless set."),
      Setting(
        "eval.problems", path.appending(path: \.problems), "eval-problems",
        help:
          "Tasks of the run's environment, none of them trained on, to be tried wherever eval.every is set."
      ),
      Setting(
        "eval.reports", path.appending(path: \.reports), "eval-reports",
        help: "Keep every evaluation's report in the run's folder."),
    ]
  }
}

/// Evaluates the model of a run as it is: the same rows and the same random numbers every time, so
/// that what changes is the model.
///
/// Nothing of training takes part, so a run has the same bits with it and without.
final class PeriodicEvaluation {
  private let settings: EvaluationSettings
  private let every: Int
  private let total: Int
  private let folder: RunFolder
  private let sessions: [(name: String, session: EvalSession)]
  private var history: TrainingHistory

  /// - Parameter engine: the run's own; its memory is used between steps.
  /// - Returns: `nil` where no suite is asked for.
  init?(
    _ configuration: GRPOConfiguration, model: LoadedModel, engine: RolloutEngine,
    folder: RunFolder, tasks: [EvaluationTask]
  ) throws {
    guard !tasks.isEmpty else { return nil }
    settings = configuration.evaluation
    every = settings.every ?? configuration.run.saveEvery
    total = configuration.training.steps
    self.folder = folder
    sessions = try tasks.map { task in
      (
        task.name,
        try EvalSession(task, model: model, engine: engine, configuration: task.configuration)
      )
    }
    history = TrainingHistory(suites: sessions.map(\.name))
  }

  /// Takes up what an earlier process measured, from the run's metrics.
  ///
  /// - Returns: whether the evaluation before training is among it.
  func resume() throws -> Bool {
    guard FileManager.default.fileExists(atPath: folder.metrics.path) else { return false }
    for (_, line) in try JSONLines(of: folder.metrics) {
      let line = try line.get()
      let values = history.suites.compactMap { line["eval/\($0)/accuracy"].double }
      if values.count == history.suites.count { history.add(values) }
    }
    return history.count > 0
  }

  /// Whether there is an evaluation after that step.
  func isDue(after step: Int) -> Bool { step == 0 || step % every == 0 || step == total }

  /// Evaluates every suite after `step` steps.
  func evaluate(step: Int) throws -> StepMetrics {
    let start = Date()
    let identity: [JSONLiteral.Member] = [
      .init("model", .string("\(folder.folder.path), step \(step)"))
    ]
    var metrics = StepMetrics()
    var accuracies: [Double] = []
    for (name, session) in sessions {
      let (report, _) = try session.evaluate(seed: 0, identity: identity, showsProgress: false)
      if settings.reports {
        let file = folder.folder.appending(
          path: "evaluations/\(RunFolder.stepName(step))/\(name).json")
        try AtomicFile.write(report.record.serialized(indent: 1) + "\n", to: file)
      }
      accuracies.append(report.accuracy)
      for (quantity, value) in report.trainingFigures {
        metrics[MetricName(rawValue: "eval/\(name)/\(quantity)")!] = value
      }
    }
    history.add(accuracies)
    for (suite, session) in sessions.enumerated() {
      let name = session.name
      metrics[MetricName(rawValue: "eval/\(name)/min_accuracy")!] = history.minimum(of: suite)
      metrics[MetricName(rawValue: "eval/\(name)/stability_gap")!] = history.stabilityGap(of: suite)
    }
    metrics["eval/min_accuracy"] = history.minimumAccuracy
    metrics["eval/worst_case_accuracy"] = history.worstCaseAccuracy
    metrics["time/eval"] = Date().timeIntervalSince(start)
    metrics["memory/eval_mib"] = PeakMemory.lap()
    return metrics
  }
}

extension EvaluationReport {
  /// The share of greedy completions that are right, or of samples where there are none.
  fileprivate var accuracy: Double { headline.greedy?.value ?? headline.average?.mean ?? 0 }

  /// What a run keeps of an evaluation, by the last part of the metric's name.
  fileprivate var trainingFigures: [(String, Double)] {
    let passes = ks.map { k in
      ("pass@\(k)", headline.passes(at: k).reduce(0, +) / Double(max(problems.count, 1)))
    }
    let lengths = generations.lengths
    return [("accuracy", accuracy)] + passes + [
      ("answered", headline.answeredShare), ("failed", headline.failedShare),
      ("truncated", lengths.truncated), ("length_mean", lengths.mean),
    ]
  }
}

extension GRPOConfiguration {
  /// The settings of a suite's evaluation during this run.
  func evaluationConfiguration(of name: String) throws -> EvalConfiguration {
    var own = EvalConfiguration()
    own.suite = name
    own.apply(try SuiteCatalog().suite(named: name))
    own.pluginFolders = pluginFolders
    own.data.path = evaluation.data ?? ""
    own.data.templateVariables = data.templateVariables
    own.data.date = data.date
    own.probe = evaluation.probe
    if let samples = evaluation.samples { own.samples = samples }
    if let limit = evaluation.maximumNewTokens { own.rollout.sampling.maximumNewTokens = limit }
    own.dtype = run.dtype.precision
    try own.check()
    return own
  }

  /// The settings of an evaluation on the run's environment, during this run.
  private func evaluationOnEnvironment() throws -> EvalConfiguration {
    var own = EvalConfiguration()
    own.pluginFolders = pluginFolders
    own.data = data
    // Its rows are those that are trained on; the tasks of an evaluation are generated.
    own.environment = environment
    own.problems = evaluation.problems
    own.rollout = rollout
    own.samples = evaluation.samples ?? 0
    if let limit = evaluation.maximumNewTokens { own.rollout.sampling.maximumNewTokens = limit }
    own.dtype = run.dtype.precision
    try own.check()
    return own
  }

  /// The tasks of the evaluations, read before anything is trained: the run's environment where it
  /// makes its own and evaluations are asked for, then the suites.
  func evaluationTasks(_ environment: ReadyEnvironment?) throws -> [EvaluationTask] {
    var tasks: [EvaluationTask] = []
    if let environment, evaluation.every != nil, data.path.isEmpty {
      tasks.append(try EvaluationTask(evaluationOnEnvironment(), environment))
    }
    return try tasks
      + evaluation.suites.map { try EvaluationTask(evaluationConfiguration(of: $0)) }
  }
}
