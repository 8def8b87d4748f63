import Testing

@testable import Tokenizers

struct PreTokenizerTests {
  private func pieces(
    _ text: String, _ stage: PreTokenizer, isFirst: Bool = true
  ) -> [String] {
    withBytes(text) { bytes in
      var pieces: [String] = []
      stage.forEachPiece(of: bytes, isFirst: isFirst) { piece, _ in
        pieces.append(String(decoding: piece, as: UTF8.self))
      }
      return pieces
    }
  }

  private func split(_ behavior: SplitBehavior, invert: Bool = false) -> [String] {
    let dash = Delimiter.literal(Array("-".utf8))
    let stage = PreTokenizer.split(.init(delimiter: dash, behavior: behavior, invert: invert))
    return pieces("the-final--countdown", stage)
  }

  @Test func behaviorsTreatMatchesAsTheirNamesSay() {
    #expect(split(.isolated) == ["the", "-", "final", "-", "-", "countdown"])
    #expect(split(.removed) == ["the", "final", "countdown"])
    #expect(split(.mergedWithPrevious) == ["the-", "final-", "-", "countdown"])
    #expect(split(.mergedWithNext) == ["the", "-final", "-", "-countdown"])
    #expect(split(.contiguous) == ["the", "-", "final", "--", "countdown"])
  }

  @Test func invertSwapsMatchesAndGaps() {
    #expect(split(.removed, invert: true) == ["-", "-", "-"])
    #expect(split(.isolated, invert: true) == split(.isolated))
    #expect(split(.mergedWithNext, invert: true) == ["the-", "final-", "-", "countdown"])
  }

  @Test func digitsAreEveryKindOfNumber() {
    #expect(pieces("a12²Ⅳ٣一", .digits(individual: true)) == ["a", "1", "2", "²", "Ⅳ", "٣", "一"])
    #expect(pieces("a12²b3", .digits(individual: false)) == ["a", "12²", "b", "3"])
  }

  @Test func byteLevelPutsASpaceWhereNoneIs() {
    let stage = PreTokenizer.byteLevel(addPrefixSpace: true, usesPattern: true)
    #expect(pieces("a b", stage) == [" a", " b"])
    #expect(pieces(" a", stage) == [" a"])
    #expect(pieces("\ta", stage) == [" ", "\t", "a"])
  }

  @Test(arguments: PreTokenizer.Metaspace.Scheme.allCases)
  func metaspaceCutsBeforeEveryReplacement(scheme: PreTokenizer.Metaspace.Scheme) {
    let stage = PreTokenizer.metaspace(
      .init(replacement: Array("▁".utf8), scheme: scheme, splits: true))
    let first = scheme == .never ? "Hello" : "▁Hello"
    #expect(pieces("Hello  my", stage) == [first, "▁", "▁my"])
    #expect(pieces("Hello", stage, isFirst: false) == [scheme == .always ? "▁Hello" : "Hello"])
    #expect(pieces(" a", stage) == ["▁a"])
  }
}
