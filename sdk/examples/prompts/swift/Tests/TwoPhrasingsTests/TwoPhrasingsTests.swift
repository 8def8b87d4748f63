import TemperPlugin
import Testing

@testable import TwoPhrasings

@Suite struct TwoPhrasingsTests {
  private var templates: [PromptTemplate] {
    get throws { try TwoPhrasings(TwoPhrasings.Configuration(), host: .trial).templates }
  }

  @Test func everyTemplateHoldsTheProblemAndSaysWhereTheAnswerGoes() throws {
    for template in try templates {
      let user = template.user("1 + 1 = ?")
      #expect(user.hasPrefix("1 + 1 = ?\n") && user.contains("####"))
    }
    #expect(try templates.map(\.name) == ["short", "steps"])
  }

  @Test func aMarkOnTheLastLineKeepsTheForm() throws {
    for template in try templates {
      #expect(template.form("1 + 1 is 2\n#### 2\n") == 1)
      #expect(template.form("#### 2\nI am sure.") == 0)
    }
  }
}
