/// The stage that puts special tokens around the ids of a text, where they are asked for.
struct PostProcessor: Sendable {
  enum Part: Sendable {
    case ids([Int32])
    case text
  }

  /// `TemplateProcessing.single`, one after the other where a `Sequence` holds several.
  var templates: [[Part]]

  func apply(to ids: [Int32]) -> [Int32] {
    templates.reduce(ids) { ids, template in
      template.flatMap { part in
        switch part {
        case .ids(let special): special
        case .text: ids
        }
      }
    }
  }
}
