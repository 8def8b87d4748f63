extension House {
  /// What somebody does next who knows where furniture stands and how rooms lie, and of objects only
  /// what has been seen.
  var expertCommand: String {
    if let carried {
      guard goal.objects.contains(carried) else { return putDown(carried) }
      let name = objects[carried].name
      if let treatment = goal.treatment, !isAsWanted(carried) {
        let appliance = places.firstIndex { $0.name == treatment.appliance }!
        return way(to: places[appliance].room) ?? "\(treatment.rawValue) \(name)"
      }
      let target = places[goal.place]
      if let step = way(to: target.room) { return step }
      return target.isOpen
        ? "put \(name) \(target.preposition) \(target.name)" : "open \(target.name)"
    }
    let missing = goal.objects.filter { objects[$0].place != goal.place || !isAsWanted($0) }
    let known = missing.first { objects[$0].place.map { places[$0].isSeen } ?? false }
    if let known, let place = objects[known].place {
      if let step = way(to: places[place].room) { return step }
      return places[place].isOpen ? "take \(objects[known].name)" : "open \(places[place].name)"
    }
    return search
  }

  /// Opens what is closed here and was never seen, or goes where there is something to be seen.
  private var search: String {
    let unseen = places.indices.filter { !places[$0].isSeen }
    if let here = unseen.first(where: { places[$0].room == position }) {
      return "open \(places[here].name)"
    }
    let distances = distances(from: position)
    let rooms = Set(unseen.map { places[$0].room })
    let nearest = rooms.min { (distances[$0], $0) < (distances[$1], $1) }
    return nearest.flatMap(way) ?? "look"
  }

  private func putDown(_ object: Int) -> String {
    let here = places(in: position)
    let place = here.first { places[$0].isOpen && $0 != goal.place } ?? here[0]
    return "put \(objects[object].name) \(places[place].preposition) \(places[place].name)"
  }

  /// The next step to a room; `nil` in it.
  private func way(to room: Int) -> String? {
    guard room != position else { return nil }
    let distances = distances(from: room)
    let next = rooms[position].exits.min { (distances[$0], $0) < (distances[$1], $1) }!
    return "go to \(rooms[next].name)"
  }

  private func distances(from start: Int) -> [Int] {
    var distances = [Int](repeating: .max, count: rooms.count)
    distances[start] = 0
    var queue = [start]
    while !queue.isEmpty {
      let room = queue.removeFirst()
      for exit in rooms[room].exits where distances[exit] == .max {
        distances[exit] = distances[room] + 1
        queue.append(exit)
      }
    }
    return distances
  }
}
