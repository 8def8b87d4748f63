import Datasets
import Kernels
import Models

/// What every run that trains has in common: its model, its place, its pace.
struct RunConfiguration: Sendable {
  var model = ""
  var name: String?
  var runs = "runs"
  var seed: UInt64 = 0
  var threads: Int?
  var dtype = DTypeName.float32
  /// Steps between checkpoints.
  var saveEvery = 50
  var keepCheckpoints = 2
  /// Whether metrics also go to an event file.
  var tensorBoard = true
  /// Where the final model goes; nil leaves it in the last checkpoint.
  var output: String?
  var outputDType = DTypeName.float32
}

/// Types of weights by the names that users know.
enum DTypeName: String, SettingName {
  case float32, bfloat16

  var precision: PackedWeight.Precision { self == .float32 ? .float32 : .bfloat16 }
  var fileType: Safetensors.DType { self == .float32 ? .float32 : .bfloat16 }
}

/// How rows of a data file become prompts.
struct DataConfiguration: Sendable {
  var path = ""
  /// `prompt=question`: renames a row's keys.
  var fields: [String] = []
  /// Text behind each problem.
  var instruction: String?
  /// A system message in front of each problem.
  var system: String?
  var shuffle = true
  var maximumPromptTokens = 1024
  var tooLong = Dataset.Handling.error
  /// Rows from the start of the file; nil for all.
  var limit: Int?
  /// `enable_thinking=false`: what the chat template is told.
  var templateVariables: [String] = []
  /// The day that a template may write; today unless set, and kept with the run.
  var date: String?
}

extension Dataset.Handling: SettingName {}

extension SettingsTable {
  /// The settings of ``RunConfiguration`` at `path`.
  static func runSettings(
    _ path: WritableKeyPath<Root, RunConfiguration>
  ) -> [Setting<Root>] {
    [
      Setting(
        "model", path.appending(path: \.model),
        help: "The model's folder: config.json, weights, tokenizer."),
      Setting(
        "run.name", path.appending(path: \.name), "name",
        help: "The run's folder below run.folder; by default the command's name and the time."),
      Setting("run.folder", path.appending(path: \.runs), "runs", help: "Where runs are kept."),
      Setting(
        "run.seed", path.appending(path: \.seed), "seed", help: "The same seed gives the same run."),
      Setting(
        "run.threads", path.appending(path: \.threads), "threads",
        help: "Threads; none for one a core. Results do not depend on it."),
      Setting(
        "run.dtype", path.appending(path: \.dtype), "dtype",
        help: "The type of the weights' compute copy, in sampling and training alike."),
      Setting(
        "run.save_every", path.appending(path: \.saveEvery), "save-every",
        help: "Steps between checkpoints."),
      Setting(
        "run.keep_checkpoints", path.appending(path: \.keepCheckpoints),
        help: "How many of the newest checkpoints stay."),
      Setting(
        "run.tensorboard", path.appending(path: \.tensorBoard),
        help: "Also keep metrics in an event file, which TensorBoard reads."),
      Setting(
        "run.output", path.appending(path: \.output), "output",
        help: "A folder for the final model; without it the model stays in the last checkpoint."),
      Setting(
        "run.output_dtype", path.appending(path: \.outputDType), "output-dtype",
        help: "The type of the weights in run.output."),
    ]
  }

  /// The settings of ``DataConfiguration`` at `path`.
  static func dataSettings(
    _ path: WritableKeyPath<Root, DataConfiguration>
  ) -> [Setting<Root>] {
    [
      Setting(
        "data.path", path.appending(path: \.path), "data",
        help: "A JSON Lines file, one row a line, with problem, prompt or messages."),
      Setting(
        "data.fields", path.appending(path: \.fields), "fields",
        help: "Names a row's keys anew: problem=question,answer=solution."),
      Setting(
        "data.instruction", path.appending(path: \.instruction), "instruction",
        help: "Text that follows each problem."),
      Setting(
        "data.system", path.appending(path: \.system), "system",
        help: "A system message before each problem."),
      Setting(
        "data.shuffle", path.appending(path: \.shuffle), "shuffle",
        help: "Take rows in an order that the seed decides, anew each epoch."),
      Setting(
        "data.max_prompt_tokens", path.appending(path: \.maximumPromptTokens),
        help: "The longest prompt allowed, in tokens; in sft with its completion."),
      Setting(
        "data.too_long", path.appending(path: \.tooLong), help: "What to do with longer ones."),
      Setting(
        "data.template_variables", path.appending(path: \.templateVariables), "template-variable",
        help: "name=value for the chat template, such as enable_thinking=false."),
      Setting(
        "data.date", path.appending(path: \.date),
        help: "The day that a chat template may write; today unless set."),
      Setting(
        "data.limit", path.appending(path: \.limit), "limit",
        help: "Use only the first rows of the file."),
    ]
  }
}
