import Testing

struct WhiteSpaceTests {
  @Test(arguments: [
    ("a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc"),
    ("a {% if true %} b {% endif %} c", "a  b  c"),
    ("  {{ 1 }}\n  {{ 2 }}\n", "  1\n  2"),
    ("a \n\n {%- if true -%} \n b \n {%- endif -%} \n c", "abc"),
    ("a\n  {%+ if true +%}\nb{% endif %}", "a\n  \nb"),
    ("a {{- 1 -}} \n b", "a1b"),
    ("x\n  {# gone #}\ny{#- gone -#}  z", "x\nyz"),
    ("{% raw %}\n{{ x }}{% endraw %}\ny", "\n{{ x }}y"),
    ("{% if true %}\r\nx\r\n{% endif %}\r\n", "x\n"),
    ("{% if true %}\n\nx{% endif %}\n\n", "\nx"),
    ("{{ 1 }}  {% set a = 1 %}  {{ 2 }}", "1    2"),
    ("\u{2003}{%- if true %}\u{1C}{%- endif %}.", "."),
  ])
  func tagsTakeTheWhiteSpaceThatTheReferenceTakes(source: String, expected: String) throws {
    #expect(try rendered(source) == expected)
  }
}
