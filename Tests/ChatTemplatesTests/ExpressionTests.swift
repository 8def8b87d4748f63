import JSON
import Testing

/// Expected values are jinja2's own.
struct ExpressionTests {
  static let variables: [String: JSONLiteral] = [
    "text": "Hello World\n", "greek": "Größe ΑΣ é e\u{301}",
    "list": [1, 2, 3, "a", nil],
    "message": ["items": "victim", "role": "user", "n": nil, "z": ["k": [1, 2.5]]],
    "chat": [
      ["role": "user", "content": " x "],
      ["role": "assistant", "tool_calls": [["function": ["name": "g"]]]],
    ],
  ]

  @Test(arguments: [
    ("1 + 2 * 3 - 4, 1 ~ 2 * 3", "(3, '16')"),
    ("7 // 2, -7 // 2, -7 % 3, 7 / 2, 2 ** 3, 7 % -3", "(3, -4, 2, 3.5, 8, -2)"),
    ("'a' 'b' ~ none ~ true ~ 1.0", "abNoneTrue1.0"),
    (
      "1 == true, 1 == 1.0, '1' == 1, [1] == (1,), {'a': 1} == {'a': 1.0}",
      "(True, True, False, False, True)"
    ),
    (
      "1 < 2 < 3, 'a' < 'b', [1, 2] < [1, 3], 'b' in 'abc', 4 not in [1]",
      "(True, True, True, True, True)"
    ),
    ("not 1 == 2 and '' or 'x'", "x"),
    ("'a' if false", ""),
    ("'a' if '' else 'b' if 0 else 'c'", "c"),
    ("-message.z.k[0] + 3 | abs", "2"),
    (
      "list[1:], list[::-1], list[-2], list[9] is defined, text[:-1][::-2]",
      "([2, 3, 'a', None], [None, 'a', 3, 2, 1], 'a', False, 'drWolH')"
    ),
    ("'abc'[5:], [][:3], 'abc'[-1], 'abc'[3] is undefined", "('', [], 'c', True)"),
    (
      "message.items is string, message['items'], message.role, message['keys'] is callable",
      "(False, 'victim', 'user', True)"
    ),
    (
      "chat[1].content is defined, nothing is defined, (nothing.x if false else 1)",
      "(False, False, 1)"
    ),
    ("'x' in nothing, nothing | length, nothing ~ 'a', nothing == none", "(False, 0, 'a', False)"),
    (#""tab\tquote\"back\\ \u00e9 \q""#, "tab\tquote\"back\\ é \\q"),
    (
      "1_000, 1e3, 2.50, 0.1 + 0.2, 1e16, 1e-5, 123456789012345680.0",
      "(1000, 1000.0, 2.5, 0.30000000000000004, 1e+16, 1e-05, 1.2345678901234568e+17)"
    ),
    ("range(3), range(3) | list, range(5, 0, -2) | list", "(range(0, 3), [0, 1, 2], [5, 3, 1])"),
    ("message.items() | list | length, message.get('q', 'd'), message.get('q')", "(4, 'd', None)"),
    ("message", "{'items': 'victim', 'role': 'user', 'n': None, 'z': {'k': [1, 2.5]}}"),
    (#"["it's", 'say "x"', '\'"', 'a\n\u200b']"#, #"["it's", 'say "x"', '\'"', 'a\n\u200b']"#),
    (
      "greek | length, greek | upper, greek | lower, 'é' == 'e\u{301}'",
      "(13, 'GRÖSSE ΑΣ É É', 'größe ας é é', False)"
    ),
    (
      "'a,b,,c'.split(','), ' a  b '.split(), 'a b c'.split(' ', 1), 'a.b.c'.rsplit('.', 1)",
      "(['a', 'b', '', 'c'], ['a', 'b'], ['a', 'b c'], ['a.b', 'c'])"
    ),
    (
      "'\u{A0}x\u{1C}'.strip(), 'xxaxx'.strip('x'), 'aXa'.lstrip('a'), 'ab\n\n'.rstrip('\n')",
      "('x', 'a', 'Xa', 'ab')"
    ),
    (
      "'a\r\nb'.replace('\n', '-'), 'aaa'.replace('a', 'b', 2), 'ab'.replace('', '.')",
      "('a-b', 'bba', '.a.b.')"
    ),
    (
      "text.startswith('He'), text.endswith(('x', '\n')), 'the END'.title(), 'aB c'.capitalize()",
      "(True, True, 'The End', 'Ab c')"
    ),
  ])
  func printsWhatTheReferencePrints(expression: String, expected: String) throws {
    #expect(try rendered("{{ \(expression) }}", Self.variables) == expected)
  }

  @Test(arguments: [
    ("[' a ', 'b'] | map('trim') | join('/')", "a/b"),
    ("chat | map(attribute='role') | list", "['user', 'assistant']"),
    ("chat | selectattr('role', 'equalto', 'user') | map(attribute='content') | first", " x "),
    ("chat | rejectattr('content') | map(attribute='tool_calls.0.function.name') | join", "g"),
    ("chat | selectattr('content', 'defined') | list | length", "1"),
    ("list | select('string') | list, list | reject('none') | list", "(['a'], [1, 2, 3, 'a'])"),
    ("message | tojson", #"{"items": "victim", "role": "user", "n": null, "z": {"k": [1, 2.5]}}"#),
    (
      "{'a': [], 'b': {}, 'c': [1, {'d': 'é<\n'}]} | tojson(indent=2)",
      "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"é<\\n\"\n    }\n  ]\n}"
    ),
    ("'é🙂\u{7F}' | tojson(ensure_ascii=true)", #""\u00e9\ud83d\ude42\u007f""#),
    ("{'b': 1, 'a': 1e-7} | tojson(sort_keys=true, separators=(',', ':'))", #"{"a":1e-07,"b":1}"#),
    ("nothing | default('d'), '' | default('d'), '' | d('d', true)", "('d', '', 'd')"),
    (
      "{'B': 1, 'a': 2} | dictsort, {'B': 1, 'a': 0} | dictsort(by='value')",
      "([('a', 2), ('B', 1)], [('a', 0), ('B', 1)])"
    ),
    (
      "['b', 'B', 'a'] | unique | list, [3, 1, 2] | sort, 'abc' | last",
      "(['b', 'a'], [1, 2, 3], 'c')"
    ),
    (
      "'42.7' | int, 'x' | int(7), '3' | float, 'a-b c' | title, 'x' | upper | lower",
      "(42, 7, 3.0, 'A-B C', 'x')"
    ),
    (
      "{'a': 1} | items | list, [1, 2] | string, none | trim, 3 | string | length",
      "([('a', 1)], '[1, 2]', 'None', 1)"
    ),
    (
      "'a\nb' | indent, 'a\nb' | indent(2, true), [1, 2, 3] | batch(2) | list",
      "('a\\n    b', '  a\\n  b', [[1, 2], [3]])"
    ),
    (
      "2.5 | round, 3.14159 | round(2), [1, 2] | sum, [2, 1] | min, ['a', 'B'] | max",
      "(2.0, 3.14, 3, 1, 'B')"
    ),
  ])
  func filtersGiveWhatTheReferenceGives(expression: String, expected: String) throws {
    #expect(try rendered("{{ \(expression) }}", Self.variables) == expected)
  }

  @Test(arguments: [
    ("none is none and nothing is undefined and 'a' is string and 1 is number", "True"),
    ("true is true and false is false and 1 is not true and true is boolean", "True"),
    ("{} is mapping and [] is sequence and 'a' is iterable and 1 is not iterable", "True"),
    ("4 is even and 3 is odd and 9 is divisibleby 3 and 1.5 is float and 2 is integer", "True"),
    ("1 is in [1, 2] and 1 is eq 1 and 2 is gt 1 and 'a' is lower", "True"),
  ])
  func testsHoldAsInTheReference(expression: String, expected: String) throws {
    #expect(try rendered("{{ \(expression) }}") == expected)
  }
}
