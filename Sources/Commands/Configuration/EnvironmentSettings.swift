/// Which environment completions are rollouts through, and what it is granted.
struct EnvironmentSettings: Sendable {
  /// `nil` for completions of one turn.
  var plugin: PluginChoice?
  /// Different tasks of a run; 0 for a new one each time.
  var tasks = 0
  /// Seconds of a call.
  var deadline = 30.0
  /// Episodes answered at once.
  var workers = 16
}

extension SettingsTable {
  /// The settings of ``EnvironmentSettings`` at `path`.
  static func environmentSettings(
    _ path: WritableKeyPath<Root, EnvironmentSettings>
  ) -> [Setting<Root>] {
    [
      Setting(
        "environment.plugin", path.appending(path: \.plugin), "environment",
        help:
          "The world that answers the model, turn by turn: a plugin's NAME or NAME:key=value,..., or the path of its library. In the file also {name, config}."
      ),
      Setting(
        "environment.deadline", path.appending(path: \.deadline),
        help: "Seconds that it may take to answer; after that its episode has failed."),
      Setting(
        "environment.workers", path.appending(path: \.workers),
        help: "Episodes that it answers at once. Results do not depend on it."),
    ]
  }
}
