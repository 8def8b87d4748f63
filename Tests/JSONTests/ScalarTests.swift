import JSON
import Testing

@Suite struct ScalarTests {
  @Test(
    arguments: [
      ("0.5", .double(0.5)), ("-12", .int(-12)), ("true", .bool(true)), ("null", .null),
      (" 1e3 ", .double(1000)), (#""text""#, .string("text")), ("7", .int(7)),
    ] as [(String, JSONLiteral)])
  func aScalarIsAWholeText(_ pair: (String, JSONLiteral)) throws {
    #expect(JSONLiteral(try JSON(parsing: pair.0)) == pair.1)
  }

  @Test(arguments: ["", " ", "1 2", "tru", "0.5 x", "-", "\"a"])
  func whatIsNoScalarIsRefused(_ text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
  }
}
