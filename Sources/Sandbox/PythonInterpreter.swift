import Glibc

/// A Python that was found, and what of the machine it needs to see.
public struct PythonInterpreter: Sendable {
  let path: String
  let readable: [String]

  /// Asks the interpreter itself where it lives: `python3` may be a link, a script that chooses a
  /// version, or part of a virtual environment.
  ///
  /// - Parameter name: a path, or a name on the user's `PATH`.
  /// - Throws: ``PythonInterpreterError``.
  public init(_ name: String) throws(PythonInterpreterError) {
    let question = "import sys; print(sys.executable, sys.prefix, sys.base_prefix, sep='\\n')"
    let surroundings = ["PATH", "HOME"].reduce(into: [String: String]()) { result, key in
      result[key] = getenv(key).map { String(cString: $0) }
    }
    var limits = SandboxLimits()
    limits.memory = 8 << 30
    limits.processes = 1024
    let outcome: SandboxOutcome
    do {
      outcome = try Sandbox.limitsAlone.run(
        SandboxCommand([name, "-c", question], environment: surroundings), limits: limits)
    } catch {
      throw PythonInterpreterError(description: "the Python interpreter: \(error)")
    }
    let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(
      String.init)
    guard outcome.succeeded, lines.count == 3 else {
      let reason = String(decoding: outcome.errors, as: UTF8.self).split(separator: "\n").last ?? ""
      throw PythonInterpreterError(
        description:
          "'\(name)' is no Python interpreter that works: it \(outcome.ending) \(reason)")
    }
    path = lines[0]
    readable = Array(lines[1...])
  }

  /// Runs `script`; the order of sets is the same in every run.
  public func command(_ script: String) -> SandboxCommand {
    SandboxCommand(
      [path, "-s", "-B", "-c", script], environment: Self.variables, readable: readable)
  }

  /// Runs `source` as the file of that name in the scratch folder.
  public func command(file: String, _ source: String) -> SandboxCommand {
    SandboxCommand(
      [path, "-s", "-B", file], environment: Self.variables, readable: readable,
      files: [file: Array(source.utf8)])
  }

  private static let variables = [
    "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
  ]
}

/// Why an interpreter cannot be used.
public struct PythonInterpreterError: Error, CustomStringConvertible {
  public let description: String
}
