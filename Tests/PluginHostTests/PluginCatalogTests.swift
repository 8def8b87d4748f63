import Foundation
import JSON
import Testing

@testable import PluginHost

/// The libraries that the build made, beside the running test.
let shipped = PluginCatalog()

@Suite struct PluginCatalogTests {
  @Test func shippedAndBuiltInVerifiersAreListedByName() throws {
    let known = shipped.plugins.map(\.name)
    #expect(
      Set(known).isSuperset(of: [
        "arithmetic", "code", "command", "countdown", "exact", "format", "length",
        "multiple-choice",
        "numeric", "regex",
      ]))
    #expect(known == known.sorted())
    #expect(shipped.problems.isEmpty)
  }

  @Test func aDescriptionHoldsWhatInfoPrints() throws {
    let info = try shipped.plugin(named: "exact")
    #expect(info.id == "temper.exact" && info.kind == "temper.verifier/1")
    #expect(info.path?.hasSuffix("/libverifier_exact.so") == true)
    #expect(
      info.defaults.serialized() == """
        {"compare":"number","extract":"marker","gold":"answer","ignore_case":false,\
        "marker":["####","\\\\boxed{"],"right":1,"unparsable":null,"wrong":0}
        """)
    #expect(info.json["name"] == "exact" && info.json["path"] == .string(info.path!))
    #expect(try shipped.plugin(named: "temper.exact") == info)
    #expect(try shipped.plugin(named: "regex").json["path"] == .null)
  }

  @Test func theSearchPathIsTheVariableThenTheExecutablesFolders() {
    let path = PluginCatalog.standardSearchPath(
      environment: ["TEMPER_PLUGIN_PATH": "/a:/b/libx.so"],
      executable: URL(filePath: "/opt/temper/bin/temper"))
    #expect(path == ["/a", "/b/libx.so", "/opt/temper/bin", "/opt/temper/lib/temper/plugins"])
  }

  @Test func aMissingPluginOffersTheNearestAndSaysWhereItLooked() {
    let catalog = PluginCatalog(searchPath: ["/nowhere"])
    #expect {
      try catalog.plugin(named: "regexp")
    } throws: {
      "\($0)" == """
        there is no plugin 'regexp'; did you mean 'regex'?
        found: command, numeric, regex
        looked in: /nowhere
        """
    }
  }
}

@Suite(.enabled(if: CFixture.isPossible, CFixture.absence)) struct PluginLibraryTests {
  private func failure(
    _ source: String = "probe", macros: [String] = [], request: String = ""
  ) throws -> String {
    var message = "nothing was thrown"
    try withFolder { folder in
      let path = try CFixture.library(source, macros: macros, in: folder)
      do {
        _ = try shipped.verifier(PluginRequest(parsing: path + request))
      } catch { message = "\(error)".replacing(path, with: "PATH") }
    }
    return message
  }

  @Test func aLibraryOfAnotherABIIsRefused() throws {
    #expect(
      try failure(macros: ["MAJOR=2"]) == """
        PATH: was built for plugin ABI 2.2, and this temper serves 1.2; \
        rebuild it with this temper's temper_plugin.h
        """)
    #expect(
      try failure(macros: ["REFUSES_HOST"])
        == "PATH: refuses this temper, whose plugin ABI is 1.2; rebuild the plugin")
  }

  @Test func aLibraryWithoutTheSymbolIsNoPlugin() throws {
    #expect(
      try failure("stranger") == """
        PATH: is no temper plugin: it exports no 'temper_plugin_entry'; \
        see docs/plugins.md for the function that a plugin exports
        """)
  }

  @Test func whatIsNoLibraryIsNotOpened() throws {
    try withFolder { folder in
      let path = folder.appending(path: "libtext.so").path
      try "not a library".write(toFile: path, atomically: true, encoding: .utf8)
      #expect {
        try shipped.verifier(PluginRequest(name: path))
      } throws: {
        "\($0)" == "\(path): cannot be opened as a shared library: file too short"
      }
    }
    #expect {
      try shipped.verifier(PluginRequest(name: "./nothing.so"))
    } throws: {
      "\($0)".hasPrefix("./nothing.so: cannot be opened as a shared library: cannot open")
    }
  }

  @Test func aBrokenContractIsNamed() throws {
    #expect(
      try failure(macros: ["SHORT_LIBRARY"])
        == "PATH: breaks the plugin contract: temper_library is 16 bytes long")
    #expect(
      try failure(macros: ["NO_PLUGINS"])
        == "PATH: breaks the plugin contract: plugins[0] is NULL")
    #expect(
      try failure(macros: [#"DEFAULTS="[]""#])
        == "PATH: breaks the plugin contract: the defaults of 'org.example.probe' are not a JSON object"
    )
    #expect(
      try failure(macros: [#"ID="org.""#])
        == "PATH: breaks the plugin contract: the id 'org.' ends in no name")
    #expect(
      try failure(macros: ["NO_TABLE"])
        == "PATH: breaks the plugin contract: 'probe' serves no table 'temper.verifier/1'")
    #expect(
      try failure(macros: [#"KIND="temper.detector/1""#])
        == "the plugin 'probe' serves 'temper.detector/1', and a 'temper.verifier/1' is needed here"
    )
    #expect(
      try failure(macros: ["TWO_PLUGINS"])
        == "PATH: breaks the plugin contract: two of its plugins have the id 'org.example.probe'")
    #expect(
      try failure(macros: ["TWO_NAMES"])
        == "PATH: holds several plugins (probe, other); name it with --plugins and give the plugin's name"
    )
  }

  @Test func aPluginThatCannotStartGivesItsReason() throws {
    #expect(
      try failure(macros: ["REFUSES_TO_START"])
        == "probe: the judge's file is missing; install it")
    #expect(
      try failure(request: ":lebel=1")
        == "probe: unknown key 'lebel'; did you mean 'level'? known keys: level, label")
  }

  @Test func aScanLeavesStrangersClosedAndFindsPlugins() throws {
    try withFolder { folder in
      _ = try CFixture.library("stranger", macros: ["EXPLOSIVE"], in: folder)
      _ = try CFixture.library("polite", in: folder)
      _ = try CFixture.library("probe", as: "old", macros: ["MAJOR=7"], in: folder)
      try "text".write(
        to: folder.appending(path: "libtext.so"), atomically: true, encoding: .utf8)
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "libsame.so"),
        withDestinationURL: folder.appending(path: "libpolite.so"))
      let catalog = PluginCatalog(searchPath: [folder.path, folder.path])
      #expect(catalog.plugins.map(\.name) == ["command", "numeric", "polite", "regex"])
      #expect(
        catalog.problems == [.otherABI(path: "\(folder.path)/libold.so", major: 7, minor: 2)])
    }
  }

  @Test func aLibraryIsDescribedByItsPathOrAPluginByItsName() throws {
    try withFolder { folder in
      let path = try CFixture.library("polite", in: folder)
      let info = try shipped.describe(path)
      #expect(info.map(\.id) == ["org.example.polite"] && info[0].path == path)
      #expect(info[0].defaults == [:])
    }
    #expect(try shipped.describe("arithmetic").map(\.id) == ["temper.arithmetic"])
    #expect(throws: PluginHostError.self) { try shipped.describe("libnothing.so") }
  }

  @Test func twoLibrariesOfOneNameAreAnErrorThatShowsBothPaths() throws {
    try withFolder { folder in
      let first = try CFixture.library("polite", as: "a", in: folder)
      let second = try CFixture.library("polite", as: "b", in: folder)
      let catalog = PluginCatalog(searchPath: [folder.path])
      #expect {
        try catalog.plugin(named: "polite")
      } throws: {
        $0 as? PluginHostError == .duplicate(name: "polite", places: [first, second])
      }
      #expect(try catalog.plugin(named: "regex").path == nil)
    }
  }
}
