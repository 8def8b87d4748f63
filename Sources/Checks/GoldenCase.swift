import JSON
import Models

/// One entry of `cases` in a model's `golden.json`: a padded batch and what is expected of it.
struct GoldenCase {
  /// A token of the padded batch `[B, T]`.
  struct Place: Hashable {
    let row: Int
    let column: Int
  }

  /// The real tokens of the batch as a pack; row `r` of it is `places[r]`.
  struct Packed {
    var pack = SequencePack()
    var places: [Place] = []
    /// The label that follows each row; `nil` where none is asked for.
    var targets: [Int32?] = []
  }

  let name: String
  let json: JSON
  private let ids: [[Int]]
  private let labels: [[Int]]
  private let attention: [[Int]]?
  private let positions: [[Int]]?

  init(_ json: JSON) throws {
    self.json = json
    name = json["name"].string ?? "case"
    func rows(_ key: String) throws -> [[Int]]? {
      guard !json[key].isNull else { return nil }
      return try json[key].requireArray().map { row in
        guard let ints = row.ints else { throw CheckError("\(row.path) must hold integers") }
        return ints
      }
    }
    guard let ids = try rows("input_ids") else {
      throw CheckError("\(json.path) has no 'input_ids'")
    }
    self.ids = ids
    labels = try rows("labels") ?? ids.map { $0.map { _ in -100 } }
    attention = try rows("attention_mask")
    positions = try rows("position_ids")
  }

  /// `T`
  var columns: Int { ids.first?.count ?? 0 }
  /// Flat, `[B, T, V]`.
  var logits: [Double]? { json["logits"].doubles }

  /// Places whose numbers are unspecified.
  var ignored: Set<Place> {
    let pairs = (json["ignore_logits_at"].array ?? []).compactMap(\.ints)
    return Set(pairs.filter { $0.count == 2 }.map { Place(row: $0[0], column: $0[1]) })
  }

  var longestPosition: Int {
    ids.indices.flatMap { row in columns(of: row).map { position(row, $0) } }.max() ?? 0
  }

  /// Padding left out: a sequence is its real tokens, at the positions that the case gives.
  var pack: Packed {
    var packed = Packed()
    for row in ids.indices {
      let columns = columns(of: row)
      packed.pack.appendRows(
        columns.map { Int32(ids[row][$0]) }, rotary: columns.map { Int32(position(row, $0)) })
      for column in columns {
        packed.places.append(Place(row: row, column: column))
        let next = column + 1 < ids[row].count ? labels[row][column + 1] : -100
        packed.targets.append(next >= 0 ? Int32(next) : nil)
      }
    }
    return packed
  }

  private func columns(of row: Int) -> [Int] {
    ids[row].indices.filter { attention == nil || attention![row][$0] != 0 }
  }

  private func position(_ row: Int, _ column: Int) -> Int {
    if let positions { return positions[row][column] }
    return columns(of: row).firstIndex(of: column) ?? column
  }
}
