import COpenBLAS
import Foundation
import JSON
import Kernels
import Sandbox

extension Finding {
  /// What this machine can do.
  static var machine: [Finding] {
    [sandbox(), python(), openBLAS(), processor(), memory()]
  }

  /// What runs the programs of completions.
  private static func sandbox() -> Finding {
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
  private static func python() -> Finding {
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
  private static func openBLAS() -> Finding {
    Finding(name: "OpenBLAS", isGood: true, text: String(cString: openblas_get_config()))
  }

  private static func processor() -> Finding {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let isa = InstructionSet.current
    let name =
      switch isa {
      case .amx: "AMX, which rounds activations, as TEMPER_ISA says"
      case .avx512vnni: "AVX-512 with VNNI"
      case .avx512: "AVX-512"
      case .avx2: "AVX2"
      case .portable: "portable C: this processor has neither AVX2 nor AVX-512, so expect it slow"
      }
    return Finding(
      name: "processor", isGood: isa != .portable, text: "\(cores) cores, \(name)",
      details: ["cores": .int(cores), "instruction_set": .string(isa.rawValue)])
  }

  private static func memory() -> Finding {
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
