import Foundation
import JSON
import PluginHost
import Testing

@testable import Commands

struct PluginChoiceTests {
  private func resolved(_ choice: PluginChoice) throws -> PluginChoice {
    try ReadyVerifiers([choice], folders: [], seed: 0).resolved[0]
  }

  /// What the command line says, what the file says, and what is kept with the run are one.
  @Test(arguments: [
    (#"regex:pattern=\d{1,3}"#, #"\d{1,3}"#), (#"regex:pattern=a,b: c"#, "a,b: c"),
    (#"regex:pattern="x,gold=y",ignore_case=true"#, "x,gold=y"),
    (#"regex:pattern=say "hi""#, #"say "hi""#),
    (#"regex:pattern="tab\tq\"""#, "tab\tq\""), ("regex:pattern=a=b", "a=b"),
  ])
  func optionValuesKeepTheirPunctuation(text: String, pattern: String) throws {
    let choice = try #require(PluginChoice(settingText: text))
    let kept = try resolved(choice).literal
    #expect(kept["config"]?["pattern"] == .string(pattern))
    #expect(kept["config"]?["weight"] == .double(1))

    let fromFile = try #require(PluginChoice(settingLiteral: kept))
    #expect(try resolved(fromFile).literal == kept)
    // Through the resolved file and back.
    var configuration = GRPOConfiguration()
    configuration.verifiers = [fromFile]
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
    try Data(GRPOConfiguration.table.yaml(configuration).utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var again = GRPOConfiguration()
    try GRPOConfiguration.table.apply(file: file, to: &again)
    #expect(again.verifiers.map(\.literal) == [kept])
  }

  @Test func aFileNamesAVerifierInTwoWays() throws {
    let short = try #require(PluginChoice(settingLiteral: "regex:pattern=x,weight=0.5"))
    let long = try #require(
      PluginChoice(
        settingLiteral: ["name": "regex", "config": ["pattern": "x", "weight": 0.5]]))
    #expect(try resolved(short).literal == resolved(long).literal)
    #expect(PluginChoice(settingLiteral: ["name": "regex", "options": [:]]) == nil)
    #expect(PluginChoice(settingLiteral: ["config": [:]]) == nil)
    #expect(PluginChoice(settingLiteral: 3) == nil)
  }

  @Test func noVerifierIsRefused() {
    #expect(throws: ConfigurationError.self) { try ReadyVerifiers([], folders: [], seed: 0) }
  }
}
