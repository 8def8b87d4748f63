import ChatTemplates
import Testing

struct TemplateErrorTests {
  @Test func theTemplatesOwnWordsReachTheUser() {
    let error = failure("a\nb\n{{ raise_exception('Roles must alternate') }}")
    #expect(
      error
        == TemplateError(
          .raised, template: "test.jinja", line: 3, message: "Roles must alternate"))
    #expect("\(error!)".contains("Roles must alternate"))
  }

  @Test(arguments: [
    "{{ nothing.x }}", "{{ nothing['x'] }}", "{{ nothing + 1 }}", "{{ 1 < nothing }}",
    "{{ nothing() }}", "{{ {}.a.b }}", "{{ [][0].role }}", "{{ 'a'.nosuch() }}",
    "{{ none.x.y }}", "{{ -nothing }}", "{{ nothing[1:] }}",
  ])
  func usingAnUndefinedValueFails(source: String) {
    #expect(failure(source)?.kind == .undefined)
  }

  @Test(arguments: [
    "{{ 'a' + none }}", "{{ 'a' + [1] }}", "{{ 1 + 'a' }}", "{% for x in none %}{% endfor %}",
    "{{ 1 in 2 }}", "{{ 1 in 'a' }}", "{{ 1 < 'a' }}", "{{ 1 / 0 }}", "{{ none | length }}",
    "{{ nothing | tojson }}", "{{ 'a'() }}", "{{ {[]: 1} }}", "{{ 'a'.split('') }}",
    "{% set x, y = [1] %}", "{{ 9223372036854775807 + 1 }}", "{{ none[1:] }}",
    "{% set x.y = 1 %}", "{{ 'a' | trim(1, 2) }}",
  ])
  func anOperationWithoutAMeaningFails(source: String) {
    #expect(failure(source)?.kind == .type)
  }

  @Test(arguments: [
    ("\n{% extends 'x' %}", "the statement 'extends'"),
    ("\n{% call f() %}", "the statement 'call'"),
    ("\n{{ x | nosuch }}", "the filter 'nosuch'"), ("\n{{ x is nosuch }}", "the test 'nosuch'"),
    ("\n{{ x | map('nosuch') }}", "the filter 'nosuch'"), ("\n{{ f(*x) }}", "'*'"),
    ("\n{{ x.format(1) }}", "the method 'format'"), ("\n{{ x[1, 2] }}", "several parts"),
    ("\n{{ '%s' % x }}", "formatting"),
    ("\n{% if false %}{% for x in y recursive %}{% endfor %}{% endif %}", "'recursive'"),
  ])
  func whatIsNotSupportedIsRefusedBeforeRendering(source: String, construct: String) {
    #expect {
      _ = try ChatTemplate(source: source, name: "t")
    } throws: { error in
      let error = error as! TemplateError
      return error.kind == .unsupported && error.line == 2 && error.message.contains(construct)
    }
  }

  @Test(arguments: [
    ("{{ 1 +", 1), ("a\n{% if x %}\n", 2), ("\n\n{{ 'abc }}", 3), ("\n{{ (1] }}", 2), ("{{ }}", 1),
    ("\n{% endif %}", 2), ("{# x", 1), ("{% raw %}", 1), ("\n{% break %}", 2), ("{{ a b }}", 1),
    ("{{ $ }}", 1), ("{% for x of y %}", 1), ("{% set true = 1 %}", 1),
  ])
  func malformedTemplatesNameTheLine(source: String, line: Int) {
    let error = failure(source)
    #expect(error?.kind == .syntax)
    #expect(error?.line == line)
  }

  @Test(arguments: [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x=[]) %}{% for i in range(999) %}{% set n.x = [n.x] %}{% endfor %}",
    "{% set n = namespace(x=1) %}{% set n.x = n %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ range(10 ** 9) }}",
    "{{ 'a' * 10 ** 12 }}", "{{ [1] * 10 ** 12 }}", "{{ 'a'.zfill(10 ** 12) }}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{{ " + String(repeating: "(", count: 500) + "1" + String(repeating: ")", count: 500) + " }}",
    "{{ 1" + String(repeating: " + 1", count: 100_000) + " }}",
    String(repeating: "{% if true %}", count: 5000),
  ])
  func workIsBounded(source: String) {
    #expect(failure(source)?.kind == .limit)
  }

  @Test(arguments: ["{{ [1] * 9223372036854775807 }}", "{{ 'ab' * 9223372036854775807 }}"])
  func aRepetitionBeyondMemoryIsRefused(source: String) {
    #expect(failure(source)?.kind == .limit)
  }
}
