import TemperPlugin

extension House {
  /// A house out of random numbers in which the expert reaches the goal in the turns of the plan.
  init(_ plan: Plan, _ random: inout SeededRandom) {
    repeat { self.init(drawn: plan, &random) } while !plan.expertTurns.contains(expertTurns)
  }

  private init(drawn plan: Plan, _ random: inout SeededRandom) {
    var rooms = plan.rooms.map { Room(name: $0.name) }
    // A tree: each room but the first gets a way to one before it, in random order.
    let order = random.shuffled(rooms.indices)
    for (index, room) in order.enumerated().dropFirst() {
      let other = random.element(of: order[..<index])
      rooms[room].exits.append(other)
      rooms[other].exits.append(room)
    }
    for room in rooms.indices { rooms[room].exits.sort() }
    let places = plan.rooms.enumerated().flatMap { index, room in
      room.surfaces.map { Place(name: $0, room: index, isContainer: false, isOpen: true) }
        + room.containers.map { Place(name: $0, room: index, isContainer: true, isOpen: false) }
    }
    let names = random.shuffled(plan.objects).prefix(plan.objectCount).sorted()
    let objects = names.map { name in
      Object(name: name, place: random.number(in: 0...places.count - 1))
    }
    let goal = Self.goal(plan, objects, places, &random)
    self.init(
      rooms: rooms, places: places, objects: objects, goal: goal,
      position: random.number(in: 0...rooms.count - 1))
    look()
  }

  private static func goal(
    _ plan: Plan, _ objects: [Object], _ places: [Place], _ random: inout SeededRandom
  ) -> Goal {
    while true {
      let kind = random.element(of: plan.goals)
      let treatment: Treatment? =
        switch kind {
        case .put, .putTwo: nil
        case .clean: .clean
        case .heat: .heat
        case .cool: .cool
        }
      let fitting = objects.indices.filter { index in
        switch kind {
        case .put, .putTwo: true
        case .clean: Plan.washables.contains(objects[index].name)
        case .heat, .cool: Plan.foods.contains(objects[index].name)
        }
      }
      let count = kind == .putTwo ? 2 : 1
      guard fitting.count >= count else { continue }
      let chosen = random.shuffled(fitting).prefix(count).sorted()
      let place = random.number(in: 0...places.count - 1)
      guard !chosen.contains(where: { objects[$0].place == place }) else { continue }
      return Goal(objects: chosen, treatment: treatment, place: place)
    }
  }

  /// Turns that the expert needs from here.
  private var expertTurns: Int {
    var house = self
    var turns = 0
    while !house.isGoalReached, turns < 100, let command = Command(turn: house.expertCommand) {
      _ = house.act(command, terse: true)
      turns += 1
    }
    return turns
  }
}
