import JSON
import Testing

@testable import PluginHost

@Suite struct PluginRequestTests {
  private func options(_ text: String) throws -> [String] {
    try PluginRequest(parsing: text).options.map { "\($0.key)|\($0.text)" }
  }

  @Test func aNameAloneHasNoOptions() throws {
    let request = try PluginRequest(parsing: "exact")
    #expect(request == PluginRequest(name: "exact"))
    #expect(try PluginRequest(parsing: "./libmine.so:a=1").name == "./libmine.so")
  }

  @Test(
    arguments: [
      ("n:a=1,b=two", ["a|1", "b|two"]),
      (#"n:pattern=\d{1,3},right=2"#, [#"pattern|\d{1,3}"#, "right|2"]),
      ("n:a=x=y,b=", ["a|x=y", "b|"]),
      (#"n:a="one, b=2",c=3"#, [#"a|"one, b=2""#, "c|3"]),
      (#"n:a="say \"hi\", b=2",c=3"#, [#"a|"say \"hi\", b=2""#, "c|3"]),
      ("n:marker=ANSWER:,c=1", ["marker|ANSWER:", "c|1"]),
      ("n:list=[1,2],c=3", ["list|[1,2]", "c|3"]),
    ] as [(String, [String])])
  func aCommaSeparatesOnlyInFrontOfAKey(_ pair: (String, [String])) throws {
    #expect(try options(pair.0) == pair.1)
  }

  @Test(arguments: [
    (":a=1", "the plugin's name is missing"),
    ("n:", "'' is not of the form key=value"),
    ("n:number", "'number' is not of the form key=value"),
    ("n:a-b=1", "'a-b=1' is not of the form key=value"),
  ])
  func whatIsNoOptionIsQuotedInTheError(_ pair: (String, String)) {
    #expect {
      try PluginRequest(parsing: pair.0)
    } throws: {
      $0 as? PluginHostError == .option(text: pair.0, reason: pair.1)
    }
  }
}

@Suite struct ConfigurationResolvingTests {
  private let info = PluginInfo(
    id: "org.example.probe", version: "1", kind: "temper.verifier/1", summary: "",
    defaults: [
      "text": "a", "number": 1, "flag": false, "list": ["x"], "unset": nil,
      "inner": ["depth": 1, "name": "i"],
    ], path: "/p.so")

  private func resolve(_ text: String, _ file: JSONLiteral = [:]) throws -> JSONLiteral {
    var request = try PluginRequest(parsing: text)
    request.configuration = file
    return try info.resolve(request)
  }

  private func reason(_ text: String, _ file: JSONLiteral = [:]) -> String? {
    do {
      _ = try resolve(text, file)
      return nil
    } catch { return "\(error)" }
  }

  @Test func withoutARequestTheDefaultsHold() throws {
    #expect(try resolve("probe") == info.defaults)
  }

  @Test func optionsTakeTheTypeOfTheirDefault() throws {
    let resolved = try resolve("probe:text=1,number=0.5,flag=true,list=y,unset=3")
    #expect(
      resolved == [
        "text": "1", "number": 0.5, "flag": true, "list": ["y"], "unset": 3,
        "inner": ["depth": 1, "name": "i"],
      ])
    #expect(try resolve(#"probe:list=["a","b"]"#)["list"] == ["a", "b"])
    #expect(try resolve(#"probe:text="a\nb""#)["text"] == "a\nb")
    #expect(try resolve(#"probe:inner={"depth":2}"#)["inner"] == ["depth": 2, "name": "i"])
    #expect(try resolve("probe:unset=word")["unset"] == "word")
  }

  @Test func theCommandLineWinsOverTheFileAndTheFileOverTheDefaults() throws {
    let file: JSONLiteral = ["text": "file", "number": 2, "inner": ["name": "file"]]
    let resolved = try resolve("probe:number=3", file)
    #expect(resolved["text"] == "file" && resolved["number"] == 3)
    #expect(resolved["inner"] == ["depth": 1, "name": "file"])
  }

  @Test func anUnknownKeyIsNamedWithTheNearest() {
    let known = "known keys: text, number, flag, list, unset, inner"
    #expect(
      reason("probe:nunber=1") == "probe: unknown key 'nunber'; did you mean 'number'? \(known)")
    #expect(reason("probe", ["zzzzzzzz": 1]) == "probe: unknown key 'zzzzzzzz'; \(known)")
    #expect(
      reason("probe", ["inner": ["deep": 1]])
        == "probe: unknown key 'inner.deep'; known keys: depth, name")
  }

  @Test func aWrongTypeIsNamedWithItsValue() {
    #expect(reason("probe:number=many") == "probe: 'number' must be a number; it is 'many'")
    #expect(reason("probe:flag=1") == "probe: 'flag' must be true or false; it is 1")
    #expect(reason("probe", ["text": 3]) == "probe: 'text' must be a string; it is 3")
    #expect(
      reason("probe", ["inner": ["depth": "x"]])
        == #"probe: 'inner.depth' must be a number; it is "x""#)
    #expect(reason("probe", [1]) == "probe: the configuration must be an object")
  }

  @Test func theWeightIsTheHostsOwn() throws {
    var request = try PluginRequest(parsing: "probe:weight=0.5,number=2")
    #expect(try request.takeWeight() == 0.5)
    #expect(request.options == [.init(key: "number", text: "2")])
    request = PluginRequest(name: "probe", configuration: ["weight": 2])
    #expect(try request.takeWeight() == 2)
    #expect(request.configuration == [:])
    request = try PluginRequest(parsing: "probe:weight=much")
    #expect(throws: PluginHostError.self) { try request.takeWeight() }
  }
}
