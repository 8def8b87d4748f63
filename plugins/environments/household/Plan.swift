/// What houses are built of: rooms with their furniture, and what lies in it. A kind of furniture
/// stands in one room only, so that its name says where it is.
struct Plan {
  struct Room {
    let name: String
    let surfaces: [String]
    let containers: [String]
  }

  let rooms: [Room]
  let objects: [String]
  /// How many of the objects a house holds.
  let objectCount: Int
  let goals: [Goal.Kind]
  /// Turns that the expert needs: a house in which it needs others is built anew.
  let expertTurns: ClosedRange<Int>

  static let full = Plan(
    rooms: [
      Room(
        name: "kitchen", surfaces: ["counter", "table", "sink"],
        containers: ["fridge", "microwave", "cupboard"]),
      Room(name: "bedroom", surfaces: ["bed", "desk"], containers: ["wardrobe", "drawer"]),
      Room(name: "lounge", surfaces: ["sofa", "shelf"], containers: ["chest"]),
      Room(name: "bathroom", surfaces: ["rack", "tub"], containers: ["cabinet"]),
      Room(name: "garage", surfaces: ["bench"], containers: ["box", "locker"]),
      Room(name: "hall", surfaces: ["stand"], containers: ["trunk"]),
    ],
    objects: [
      "apple", "egg", "potato", "tomato", "bowl", "cup", "plate", "spoon", "book", "candle",
      "cloth", "key", "pen", "soap", "towel", "watch",
    ], objectCount: 10, goals: Goal.Kind.allCases, expertTurns: 10...40)

  static let small = Plan(
    rooms: [
      Room(name: "kitchen", surfaces: ["table"], containers: ["fridge"]),
      Room(name: "bedroom", surfaces: ["bed"], containers: ["drawer"]),
      Room(name: "hall", surfaces: ["stand"], containers: []),
    ],
    objects: ["apple", "book", "cup", "key"], objectCount: 3, goals: [.put], expertTurns: 4...8)

  static let foods: Set = ["apple", "egg", "potato", "tomato", "cup", "bowl", "plate"]
  static let washables: Set = [
    "apple", "potato", "tomato", "bowl", "cup", "plate", "spoon", "cloth", "towel",
  ]
}

/// What is to be done.
struct Goal: Sendable {
  enum Kind: CaseIterable { case put, putTwo, clean, heat, cool }

  /// Places in the house's lists: one object, or two.
  let objects: [Int]
  /// How each object has to be, if that matters.
  let treatment: Treatment?
  let place: Int
}

/// What an appliance does to an object.
enum Treatment: String, CaseIterable, Sendable {
  case heat, cool, clean

  /// How the object is then.
  var result: String {
    switch self {
    case .heat: "hot"
    case .cool: "cool"
    case .clean: "clean"
    }
  }

  var appliance: String {
    switch self {
    case .heat: "microwave"
    case .cool: "fridge"
    case .clean: "sink"
    }
  }
}
