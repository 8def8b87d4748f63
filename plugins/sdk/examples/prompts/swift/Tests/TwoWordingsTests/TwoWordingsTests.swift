import TemperPlugin
import Testing

@testable import TwoWordings

@Suite struct TwoWordingsTests {
  private let plugin = Result { try TwoWordings(TwoWordings.Configuration(), host: .trial) }

  @Test func everyTemplateHoldsTheProblem() throws {
    for template in try plugin.get().templates {
      #expect(template.user("What is 6*7?").hasPrefix("What is 6*7?"))
    }
  }

  @Test func onlyTheMarkedOneAsksForAForm() throws {
    let templates = try plugin.get().templates
    #expect(templates[0].form("42") == 1)
    #expect(templates[1].form("42") == 0)
    #expect(templates[1].form("Answer: 42") == 1)
  }
}
