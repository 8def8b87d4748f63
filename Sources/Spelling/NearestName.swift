/// The known name that someone who wrote `name` likely meant, for an error to offer.
///
/// - Returns: the one with the fewest slips between, the first of several; `nil` where none is
///   within two slips, or one in every four letters of a long name.
public func nearestName(to name: String, among known: some Sequence<String>) -> String? {
  let scored = known.map { (name: $0, slips: editDistance(Array(name), Array($0))) }
  guard let best = scored.min(by: { $0.slips < $1.slips }) else { return nil }
  return best.slips <= max(2, name.count / 4) ? best.name : nil
}

/// Insertions, deletions and replacements that turn `a` into `b`: Levenshtein's distance.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
