import MathAnswers
import TemperPlugin

/// Where in a completion the answer is looked for.
enum Extraction: String, PluginChoice {
  /// In a box alone: what training rewards ask for.
  case boxed
  /// In every place where people and models put answers; for reports.
  case flexible
  /// Behind `####`, in Minerva's closing sentence, or behind `answer is`: what one suite asks for.
  case hash, minerva, phrase
  /// The completion is the answer.
  case none

  var sources: [AnswerSource] {
    switch self {
    case .boxed: [.boxed]
    case .flexible: AnswerSource.flexible
    case .hash: [.hash]
    case .minerva: [.minerva]
    case .phrase: [.phrase]
    case .none: [.whole]
    }
  }
}
