import Foundation
import JSON

extension ArithmeticTask {
  /// Writes problems as JSON Lines:
  /// `{"id":"arithmetic-test-000001","problem":"7+5*3-2=","answer":"34","solution":"12 36#34"}`.
  ///
  /// - Throws: ``EmbeddedTaskError`` before anything is written; the handle's error.
  public func writeProblems(_ count: Int, split: Split, to handle: FileHandle) throws {
    let rows = try problems(count, split: split).lazy.enumerated().map { index, chain in
      row(chain, index: index, split: split)
    }
    try Self.write(rows, to: handle)
  }

  func row(_ chain: ArithmeticChain, index: Int, split: Split) -> JSONLiteral {
    [
      "id": .string(Self.id(split.rawValue, index)), "problem": .string(chain.problem),
      "answer": .string(chain.answer), "solution": .string(chain.solution),
    ]
  }

  /// Writes demonstrations over the train split as JSON Lines, with `completion` to be learned:
  /// `{"id":"arithmetic-demonstration-000001","problem":"7+5*3-2=","answer":"34",
  /// "style":"hasty","completion":"#34"}`.
  public func writeDemonstrations(
    _ count: Int, mix: DemonstrationMix = .standard, to handle: FileHandle
  ) throws {
    let rows = (0..<count).lazy.map { index in
      let demonstration = demonstration(index, mix: mix)
      return JSONLiteral.object([
        .init("id", .string(Self.id("demonstration", index))),
        .init("problem", .string(demonstration.chain.problem)),
        .init("answer", .string(demonstration.chain.answer)),
        .init("style", .string(demonstration.style.rawValue)),
        .init("completion", .string(demonstration.completion)),
      ])
    }
    try Self.write(rows, to: handle)
  }

  private static func id(_ kind: String, _ index: Int) -> String {
    let digits = String(index + 1)
    return "arithmetic-\(kind)-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  private static func write(_ rows: some Sequence<JSONLiteral>, to handle: FileHandle) throws {
    var pending = ""
    for row in rows {
      pending += row.serialized() + "\n"
      if pending.utf8.count > 1 << 16 {
        try handle.write(contentsOf: Data(pending.utf8))
        pending = ""
      }
    }
    try handle.write(contentsOf: Data(pending.utf8))
  }
}
