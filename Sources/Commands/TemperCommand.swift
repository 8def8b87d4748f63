import ArgumentParser
import Datasets
import Detectors
import EntropyControl
import Evaluation
import Foundation
import Objectives
import PluginHost
import Training

/// The `temper` command.
public struct TemperCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "temper",
    abstract: "Post-train small language models by reward.",
    version: "0.1.0",
    subcommands: [
      GRPO.self, SFT.self, Eval.self, Generate.self, Initialize.self, DataCommand.self,
      ArenaCommand.self, Play.self, Report.self, Inspect.self, PluginsCommand.self,
      CheckCommand.self, BenchCommand.self, Doctor.self, EnvironmentWorker.self,
    ])

  public init() {}

  /// Runs the command line and ends the process: 0 done, 1 failed, 2 wrong use,
  /// 3 stopped by a detector.
  public static func start() -> Never {
    Console.holdDescriptors()
    do {
      try refuseBrokenArguments()
      try MachineVariables.check(ProcessInfo.processInfo.environment).map(Console.note)
      var command = try parseAsRoot()
      try command.run()
      Foundation.exit(0)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch let stopped as StoppedRun {
      Console.note("temper: \(stopped)")
      Foundation.exit(3)
    } catch let error where isWrongUse(error) {
      Console.note("temper: \(error)")
      Foundation.exit(2)
    } catch {
      let isUse = exitCode(for: error) == .validationFailure
      let isClean = exitCode(for: error) == .success
      if isUse || isClean {
        let message = fullMessage(for: error)
        isClean ? Console.report(message) : Console.note(message)
        Foundation.exit(isClean ? 0 : 2)
      }
      Console.note("temper: \(error)")
      Foundation.exit(1)
    }
  }

  /// An argument that is no UTF-8 would name another file than the user's.
  private static func refuseBrokenArguments() throws(ConfigurationError) {
    for index in 1..<max(Int(CommandLine.argc), 1) {
      guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil
      else { continue }
      throw .value(
        place: "argument \(index)", value: String(cString: bytes), expected: "text in UTF-8")
    }
  }

  /// Whether what was written on the command line or in the configuration is at fault, and not the
  /// files or the machine.
  private static func isWrongUse(_ error: any Error) -> Bool {
    switch error {
    case is ConfigurationError, ObjectiveError.setting, DatasetError.field, DatasetError.fieldTwice,
      PluginHostError.option, PluginHostError.unknown, PluginHostError.configuration,
      PluginHostError.otherKind, PluginTemplateError.name, InterventionError.twice,
      DetectorError.twice,
      InterventionError.bothReplace, is UnknownProtocol, is UnknownDescription:
      true
    default: false
    }
  }
}
