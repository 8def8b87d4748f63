import PluginHost
import Testing

@testable import Commands

@Suite struct PluginArgumentsTests {
  private let table = GRPOConfiguration.table

  @Test func aPluginIsNamedByItsKind() throws {
    #expect(
      try table.namingKinds(["--lr", "1e-4", "--plugin", "exact:gold=x", "--plugin=regex"])
        == ["--lr", "1e-4", "--verifier", "exact:gold=x", "--verifier", "regex"])
    var configuration = GRPOConfiguration()
    try table.apply(
      arguments: table.namingKinds(["--plugin", "exact", "--plugin", "regex:pattern=x"]),
      to: &configuration)
    #expect(configuration.verifiers.map(\.request.name) == ["exact", "regex"])
  }

  @Test func aKindThatACommandHasNoUseForIsRefused() throws {
    #expect(try table.namingKinds(["--plugin", "epo:alpha=1"]) == ["--entropy", "epo:alpha=1"])
    #expect {
      try EvalConfiguration.table.namingKinds(["--plugin", "epo"])
    } throws: {
      "\($0)"
        == "--plugin is epo, and it is of the kind 'entropy', which this command has no use for"
    }
  }

  @Test func aFolderOfTheSameLineIsLookedInToo() throws {
    #expect {
      try table.namingKinds(["--plugin", "mine", "--plugins", "/nowhere", "--plugins=/there"])
    } throws: {
      "\($0)".contains("there is no plugin 'mine'") && "\($0)".contains("/nowhere, /there, ")
    }
  }

  @Test func whatCannotBeOpenedOrReadIsSaid() throws {
    func failure(_ arguments: String...) -> String {
      do { return "\(try table.namingKinds(arguments))" } catch { return "\(error)" }
    }
    #expect(failure("--plugin") == "--plugin needs a value: PATH[:key=value,...]")
    #expect(failure("--plugin=").hasPrefix("'': the plugin's name is missing"))
    #expect(
      failure("--plugin", "./nothing.so").hasPrefix(
        "./nothing.so: cannot be opened as a shared library: "))
  }

  @Test func aCommandWithoutPluginsKnowsNoSuchOption() throws {
    let arguments = ["--plugin", "exact"]
    #expect(try SFTConfiguration.table.namingKinds(arguments) == arguments)
  }
}
