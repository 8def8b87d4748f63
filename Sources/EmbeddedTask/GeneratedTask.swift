import Foundation
import JSON
import Tensors

/// A task whose rows are made from a seed: a seed is the data set.
public protocol GeneratedTask: Sendable {
  /// Rows of a split, each problem at most once and never in both splits.
  ///
  /// - Throws: ``EmbeddedTaskError/count(_:available:)`` where there are not so many.
  func rows(_ count: Int, split: ArithmeticTask.Split) throws(EmbeddedTaskError) -> [JSONLiteral]
}

extension GeneratedTask {
  /// Writes rows as JSON Lines.
  public func write(
    _ count: Int, split: ArithmeticTask.Split, to handle: FileHandle
  ) throws {
    let lines = try rows(count, split: split).map { $0.serialized() + "\n" }
    try handle.write(contentsOf: Data(lines.joined().utf8))
  }
}

extension ArithmeticTask: GeneratedTask {
  public func rows(_ count: Int, split: Split) throws(EmbeddedTaskError) -> [JSONLiteral] {
    try problems(count, split: split).enumerated().map { row($1, index: $0, split: split) }
  }
}

/// The side of the fence on which a problem stands, whatever the seed, by the last bits of a hash
/// of its text: 64-bit FNV-1a, then the finalizer of MurmurHash3, because FNV alone mixes short
/// texts badly.
///
/// - Parameter share: one in this many is for test; a power of two.
func split(of problem: String, oneIn share: UInt64) -> ArithmeticTask.Split {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in problem.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
  hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
  return (hash ^ hash >> 33) & (share - 1) == 0 ? .test : .train
}

/// Draws until `count` different problems of a split are found.
///
/// - Parameters:
///   - available: how many there are at most.
///   - draw: the problem of a draw and what names it; `nil` where the draw came to nothing.
func distinct<Problem>(
  _ count: Int, of split: ArithmeticTask.Split, oneIn share: UInt64, available: Int,
  draw: (Int) -> (name: String, problem: Problem)?
) throws(EmbeddedTaskError) -> [Problem] {
  guard (0...available).contains(count) else { throw .count(count, available: available) }
  var found: [Problem] = []
  var seen: Set<String> = []
  var index = 0
  while found.count < count {
    if let (name, problem) = draw(index), EmbeddedTask.split(of: name, oneIn: share) == split,
      seen.insert(name).inserted
    {
      found.append(problem)
    }
    index += 1
  }
  return found
}
