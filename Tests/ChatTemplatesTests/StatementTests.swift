import ChatTemplates
import Foundation
import Testing

struct StatementTests {
  @Test func assignmentsInALoopStayThereAndThoseInAnIfDoNot() throws {
    #expect(
      try rendered("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}")
        == "21")
    #expect(try rendered("{% if true %}{% set x = 2 %}{% endif %}{{ x }}") == "2")
    let once =
      "{% for i in [1, 2] %}{% if loop.first %}{% set x = 5 %}{% endif %}[{{ x }}]{% endfor %}"
    #expect(try rendered(once) == "[5][]")
  }

  @Test func aNamespaceCarriesValuesOutOfALoop() throws {
    let source = """
      {% set ns = namespace(n=0) %}{% for i in [1, 2, 3] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}
      """
    #expect(try rendered(source) == "6")
  }

  @Test func theInnerLoopHidesTheOuter() throws {
    let source = """
      {% for a in 'xy' %}{% for b in [1, 2, 3] %}{{ loop.index }}{{ loop.last }}{% endfor %}{{ loop.index0 }}{% endfor %}
      """
    #expect(try rendered(source) == "1False2False3True01False2False3True1")
  }

  @Test func loopsFilterUnpackBreakContinueAndHaveAnElse() throws {
    #expect(try rendered("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}") == "a1")
    #expect(try rendered("{% for i in range(9) if i % 2 %}{{ loop.length }}{% endfor %}") == "4444")
    #expect(
      try rendered(
        "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}"
      ) == "02")
    #expect(try rendered("{% for i in nothing %}x{% else %}none{% endfor %}") == "none")
    #expect(
      try rendered("{% for i in [1, 2] %}{{ loop.previtem }}{{ loop.nextitem }}{% endfor %}")
        == "21")
  }

  @Test func blocksCanBeCapturedAndMacrosCalled() throws {
    #expect(try rendered("{% set x | upper %}a{{ 1 }}{% endset %}{{ x }}") == "A1")
    let macro = "{% macro f(a, b='d') %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(2, b=3) }}"
    #expect(try rendered(macro) == "1d23")
  }

  @Test func generationBlocksRenderTheirBodyInAScopeOfTheirOwn() throws {
    #expect(
      try rendered(
        "{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}")
        == "21")
  }

  @Test func theClockIsTheCallers() throws {
    let template = try ChatTemplate(
      source: "{{ strftime_now('%d %b %Y %H:%M:%S.%f%z|%-d|%%') }}", name: "t")
    let now = Date(timeIntervalSince1970: 1_736_932_023.25)
    let text = try template.render(
      messages: [], addGenerationPrompt: false, now: now, timeZone: TimeZone(identifier: "UTC")!)
    #expect(text == "15 Jan 2025 09:07:03.250000|15|%")
    let later = try template.render(
      messages: [], addGenerationPrompt: false, now: now,
      timeZone: TimeZone(secondsFromGMT: 3600)!)
    #expect(later.hasPrefix("15 Jan 2025 10:07:03"))
  }
}
