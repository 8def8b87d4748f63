import Foundation
import Kernels
import Testing

@testable import Commands

/// What a user can get wrong, refused before anything is loaded or made.
@Suite struct BadInputTests {
  /// Settings that no run can use: a number that memory or arithmetic would not survive.
  @Test(arguments: [
    "run.threads=0", "run.threads=-1", "run.steps=9223372036854775807",
    "run.save-every=9223372036854775807", "data.max-prompt-tokens=9223372036854775807",
    "rollout.max-new-tokens=9223372036854775807", "rollout.group-size=9223372036854775807",
    "rollout.group-size=4000000000", "rollout.batch=9223372036854775807",
    "rollout.cache-mib=9223372036854775807", "rollout.prompts-per-step=9223372036854775807",
    "updates.epochs=9223372036854775807", "memory.micro-batch-tokens=9223372036854775807",
    "run.name=", "run.folder=", "run.output=", "run.output=/dev/null",
  ])
  func settingsOutOfRangeAreRefusedByName(argument: String) throws {
    var configuration = GRPOConfiguration()
    try GRPOConfiguration.table.apply(arguments: ["--\(argument)"], to: &configuration)
    let key = argument.prefix { $0 != "=" }.replacing("-", with: "_")
    let error = try #require(throws: ConfigurationError.self) { try configuration.check() }
    #expect("\(error)".hasPrefix("\(key) is "), "\(error)")
  }

  @Test func anEvaluationLargerThanMemoryIsRefused() throws {
    var configuration = EvalConfiguration()
    configuration.samples = 1_000_000
    try configuration.check()
    try configuration.check(promptCount: 16)
    #expect(throws: ConfigurationError.self) { try configuration.check(promptCount: 17) }
  }

  @Test func aDocumentOfNestedAliasesIsRefused() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let alias = Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(alias)]\n"
    }
    try withFile(text) { file in
      let error = try #require(throws: ConfigurationError.self) { try YAMLFile.read(file) }
      #expect("\(error)".contains("larger than 100000 values"))
    }
  }

  @Test func aConfigurationThatIsNoTextSaysSo() throws {
    for place in ["/dev/null", "/", "/nowhere"] {
      let error = try #require(throws: ConfigurationError.self) {
        try YAMLFile.read(URL(filePath: place))
      }
      #expect("\(error)".hasPrefix("\(place): cannot be read: "), "\(error)")
    }
  }

  @Test(arguments: [
    ("TEMPER_ISA", "avx9", "one of portable, avx2, avx512, avx512vnni, amx"),
    ("TEMPER_THREADS", "0", "a number from 1 to 256"),
    ("TEMPER_SPIN_US", "soon", "a number from 0 to 1000000"),
  ])
  func variablesThatSayNothingAreRefused(name: String, value: String, expected: String) throws {
    #expect(throws: ConfigurationError.value(place: name, value: value, expected: expected)) {
      try MachineVariables.check([name: value])
    }
    #expect(try MachineVariables.check([name: ""]) == nil)
  }

  @Test func anInstructionSetThatIsNotInUseIsNamed() throws {
    #expect(
      try MachineVariables.check(["TEMPER_ISA": "amx"], current: .avx2)
        == "TEMPER_ISA names amx, which this machine lacks; avx2 takes its place")
    #expect(try MachineVariables.check(["TEMPER_ISA": "avx2"], current: .avx2) == nil)
  }

  private func withFile(_ text: String, _ body: (URL) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file)
  }
}
