/// The known name that someone who wrote `name` likely meant, if one is near.
func nearest(to name: String, in known: [String]) -> String? {
  let distances = known.map { (name: $0, distance: distance($0, name)) }
  guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= 2 + name.count / 4 ? best.name : nil
}

/// Levenshtein's distance: insertions, deletions and replacements.
private func distance(_ a: String, _ b: String) -> Int {
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
