import JSON
import Testing

struct JSONLiteralTests {
  private let value: JSONLiteral = [
    "name": "a\"\\\n\u{1}é", "n": nil, "list": [1, 2.5, true], "empty": [], "none": .object([]),
  ]

  @Test func writesOneLineInTheOrderItWasBuilt() {
    #expect(
      value.serialized()
        == #"{"name":"a\"\\\n\u0001é","n":null,"list":[1,2.5,true],"empty":[],"none":{}}"#)
  }

  @Test func indentsByLevel() {
    let small: JSONLiteral = ["a": [1, ["b": 2]], "c": []]
    #expect(
      small.serialized(indent: 2)
        == "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": []\n}")
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    #expect(try JSONLiteral(JSON(parsing: value.serialized())) == value)
    #expect(try JSONLiteral(JSON(parsing: value.serialized(indent: 4))) == value)
  }

  @Test func floatsAreWrittenInTheirOwnDigits() {
    #expect(JSONLiteral.floats([0.7, -1e-9, 3]).serialized() == "[0.7,-1e-09,3.0]")
    #expect(JSONLiteral.float(.nan).serialized() == "null")
    #expect(JSONLiteral.ints([7, -1] as [Int32]).serialized() == "[7,-1]")
  }

  @Test(arguments: [0.1, 1e-300, 0x1p-1074, 1.7976931348623157e308, 123456789.125, -1e22, 1.0])
  func doublesReadBackToTheBit(number: Double) throws {
    let text = JSONLiteral.double(number).serialized()
    #expect(try JSON(parsing: text).double == number)
    #expect(try JSON(parsing: text).kind == .number)
  }

  @Test func whatJSONHasNoNumberForIsNull() {
    #expect(JSONLiteral.array([.double(.nan), .double(.infinity)]).serialized() == "[null,null]")
  }

  @Test func membersAreSetReplacedAndRemoved() {
    var object: JSONLiteral = ["a": 1, "b": 2]
    object["a"] = 3
    object["c"] = "x"
    object["b"] = nil
    #expect(object == ["a": 3, "c": "x"])
    #expect(object["a"] == 3 && object["none"] == nil)
  }
}
