import ArgumentParser
import COpenBLAS
import Foundation
import JSON
import Kernels
import Sandbox

/// `temper doctor`: what this machine can do, and what is missing.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this machine can do, and what is missing.")

  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let findings = [
      Finding.sandbox(), Finding.python(), Finding.openBLAS(), Finding.processor(),
      Finding.memory(),
    ]
    if json {
      let members = findings.map { JSONLiteral.Member($0.name, $0.json) }
      return Console.report(JSONLiteral.object(members).serialized())
    }
    let width = findings.map(\.name.count).max()! + 2
    for finding in findings {
      let name = finding.name.padding(toLength: width, withPad: " ", startingAt: 0)
      Console.report("\(finding.isGood ? "ok     " : "MISSING") \(name)\(finding.text)")
    }
  }
}

/// One thing that was looked at.
struct Finding {
  let name: String
  /// False where something will not work.
  let isGood: Bool
  /// What was found, or what will not work and what helps.
  let text: String
  /// What other programs may want to know of it.
  var details: JSONLiteral = .object([])

  var json: JSONLiteral {
    var result: JSONLiteral = ["ok": .bool(isGood), "text": .string(text)]
    if case .object(let members) = details {
      for member in members { result[member.key] = member.value }
    }
    return result
  }

  /// What runs the programs of completions.
  static func sandbox() -> Finding {
    switch Sandbox.availability {
    case .isolated:
      Finding(
        name: "sandbox", isGood: true,
        text: "user, network, process and mount namespaces, limits, a system-call filter")
    case .unavailable(let reason):
      Finding(
        name: "sandbox", isGood: false,
        text: "the verifiers 'code' and 'command' refuse to run without --allow-unsandboxed: "
          + reason)
    }
  }

  /// What the verifier `code` runs.
  static func python() -> Finding {
    let environment = ProcessInfo.processInfo.environment.filter {
      ["PATH", "HOME"].contains($0.key)
    }
    let question = "import sys; print(sys.executable, sys.version.split()[0])"
    let command = SandboxCommand(["python3", "-c", question], environment: environment)
    guard let outcome = try? Sandbox.limitsAlone.run(command), outcome.succeeded else {
      return Finding(
        name: "python3", isGood: false,
        text: "there is none on the PATH; the verifier 'code' needs one, or code:python=PATH")
    }
    let parts = String(decoding: outcome.output, as: UTF8.self).split(
      whereSeparator: \.isWhitespace)
    return Finding(
      name: "python3", isGood: true,
      text: parts.reversed().joined(separator: ", "),
      details: [
        "path": .string(String(parts.first ?? "")), "version": .string(String(parts.last ?? "")),
      ])
  }

  /// Temper's own products are timed beside it; it is linked, so it is there.
  static func openBLAS() -> Finding {
    Finding(name: "OpenBLAS", isGood: true, text: String(cString: openblas_get_config()))
  }

  static func processor() -> Finding {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let isa = InstructionSet.current
    let name =
      switch isa {
      case .avx512: "AVX-512"
      case .avx2: "AVX2"
      case .portable: "portable C: this processor has neither AVX2 nor AVX-512, so expect it slow"
      }
    return Finding(
      name: "processor", isGood: isa != .portable, text: "\(cores) cores, \(name)",
      details: ["cores": .int(cores), "instruction_set": .string(isa.rawValue)])
  }

  static func memory() -> Finding {
    func kibibytes(_ key: String) -> Int? {
      let lines = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
      let line = lines.split(separator: "\n").first { $0.hasPrefix(key + ":") }
      return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
    let total = kibibytes("MemTotal") ?? Int(ProcessInfo.processInfo.physicalMemory) / 1024
    let free = kibibytes("MemAvailable") ?? total
    func gibibytes(_ size: Int) -> String { String(format: "%.1f GiB", Double(size) / 1_048_576) }
    return Finding(
      name: "memory", isGood: true, text: "\(gibibytes(total)), \(gibibytes(free)) of them free",
      details: ["total_bytes": .int(total * 1024), "free_bytes": .int(free * 1024)])
  }
}
