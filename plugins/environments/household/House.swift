/// Rooms, furniture and objects, with somebody in them who carries one object at most.
struct House: Sendable {
  struct Room: Sendable {
    let name: String
    /// Rooms next to it, in their order in the house.
    var exits: [Int] = []
  }
  struct Place: Sendable {
    let name: String
    let room: Int
    let isContainer: Bool
    var isOpen: Bool
    /// Somebody has looked at what is there.
    var isSeen = false
    var preposition: String { isContainer ? "in" : "on" }
  }
  struct Object: Sendable {
    let name: String
    /// `nil` while it is carried.
    var place: Int?
    var treatments: Set<Treatment> = []
  }

  var rooms: [Room]
  var places: [Place]
  var objects: [Object]
  var goal: Goal
  var position: Int

  var carried: Int? { objects.firstIndex { $0.place == nil } }

  func objects(at place: Int) -> [Int] { objects.indices.filter { objects[$0].place == place } }
  func places(in room: Int) -> [Int] { places.indices.filter { places[$0].room == room } }

  var isGoalReached: Bool {
    goal.objects.allSatisfy { objects[$0].place == goal.place && isAsWanted($0) }
  }

  func isAsWanted(_ object: Int) -> Bool {
    goal.treatment.map { objects[object].treatments.contains($0) } ?? true
  }

  /// Takes in what can be seen from where one stands.
  mutating func look() {
    for place in places(in: position) where places[place].isOpen { places[place].isSeen = true }
  }

  // MARK: Actions

  /// Does what a command says.
  ///
  /// - Returns: what happens, in a sentence.
  mutating func act(_ command: Command, terse: Bool) -> String {
    switch command {
    case .look: return describe(terse: terse)
    case .inventory: return carried.map { "You carry: \(name(of: $0))." } ?? "You carry nothing."
    case .go(let name): return go(to: name, terse: terse)
    case .open(let name): return turn(name, open: true)
    case .close(let name): return turn(name, open: false)
    case .take(let name): return take(name)
    case .put(let name, let place): return put(name, place)
    case .treat(let treatment, let name): return treat(name, treatment)
    }
  }

  private mutating func go(to name: String, terse: Bool) -> String {
    guard let room = rooms.firstIndex(where: { $0.name == name }) else {
      return "There is no \(name) in the house."
    }
    guard room != position else { return "You are in the \(name)." }
    guard rooms[position].exits.contains(room) else {
      return "There is no way from the \(rooms[position].name) to the \(name)."
    }
    position = room
    look()
    return describe(terse: terse)
  }

  /// The furniture of a name, where one stands.
  private func place(_ name: String) -> Int? {
    places.indices.first { places[$0].name == name && places[$0].room == position }
  }

  private mutating func turn(_ name: String, open: Bool) -> String {
    guard let place = place(name) else { return "There is no \(name) here." }
    let verb = open ? "open" : "close"
    guard places[place].isContainer else { return "You cannot \(verb) the \(name)." }
    guard places[place].isOpen != open else {
      return "The \(name) is \(open ? "open" : "closed") already."
    }
    places[place].isOpen = open
    look()
    return "You \(verb) the \(name)." + (open ? " \(contents(of: place))" : "")
  }

  private mutating func take(_ name: String) -> String {
    if let carried { return "You carry the \(objects[carried].name) already." }
    guard let object = objects.firstIndex(where: { $0.name == name }), isInReach(object) else {
      return "There is no \(name) in sight."
    }
    let place = objects[object].place!
    objects[object].place = nil
    return "You take the \(name) from the \(places[place].name)."
  }

  private mutating func put(_ name: String, _ target: String) -> String {
    guard let carried, objects[carried].name == name else { return "You do not carry the \(name)." }
    guard let place = place(target) else { return "There is no \(target) here." }
    guard places[place].isOpen else { return "The \(target) is closed." }
    objects[carried].place = place
    return "You put the \(name) \(places[place].preposition) the \(target)."
  }

  private mutating func treat(_ name: String, _ treatment: Treatment) -> String {
    guard let carried, objects[carried].name == name else { return "You do not carry the \(name)." }
    guard place(treatment.appliance) != nil else {
      return "There is nothing here to \(treatment.rawValue) it with."
    }
    switch treatment {
    case .heat: objects[carried].treatments.remove(.cool)
    case .cool: objects[carried].treatments.remove(.heat)
    case .clean: break
    }
    objects[carried].treatments.insert(treatment)
    return "You \(treatment.rawValue) the \(name) with the \(treatment.appliance)."
  }

  private func isInReach(_ object: Int) -> Bool {
    guard let place = objects[object].place else { return false }
    return places[place].room == position && places[place].isOpen
  }

  // MARK: Words

  /// `hot apple`
  private func name(of object: Int) -> String {
    let treatments = Treatment.allCases.filter(objects[object].treatments.contains)
    return (treatments.map(\.result) + [objects[object].name]).joined(separator: " ")
  }

  private func contents(of place: Int) -> String {
    let names = objects(at: place).map(name).joined(separator: ", ")
    let here = places[place]
    return "\(here.preposition == "in" ? "In" : "On") the \(here.name): "
      + (names.isEmpty ? "nothing." : "\(names).")
  }

  private func describe(terse: Bool) -> String {
    let here = places(in: position)
    let exits = rooms[position].exits.map { rooms[$0].name }.joined(separator: ", ")
    if terse {
      let things = here.map { place in
        let names = objects(at: place).map(name).joined(separator: ", ")
        let isOpen = places[place].isOpen
        return "\(places[place].name): \(isOpen ? (names.isEmpty ? "-" : names) : "closed")"
      }
      return ([rooms[position].name] + things + ["exits: \(exits)"]).joined(separator: "\n")
    }
    let things = here.map { place in
      places[place].isOpen ? contents(of: place) : "The \(places[place].name) is closed."
    }
    return (["You are in the \(rooms[position].name)."] + things + ["Exits: \(exits)."])
      .joined(separator: " ")
  }

  /// `put the hot apple on the desk`
  var task: String {
    let words = goal.objects.map { object in
      "the \(goal.treatment.map { $0.result + " " } ?? "")\(objects[object].name)"
    }
    let place = places[goal.place]
    return
      "put \(words.joined(separator: " and ")) \(place.preposition) the \(place.name)"
  }
}
