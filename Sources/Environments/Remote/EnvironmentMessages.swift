import JSON

// What an environment's process is asked and answers: a JSON object a line.
//
//   {"id": 1, "call": "begin", "episode": 0, "row": null, "seed": "7"}   {"id": 1, "opening": [...]}
//   {"id": 2, "call": "step", "episode": 0, "number": 0, "text": "...", "cut": false, "last": false}
//                       {"id": 2, "ending": null, "reward": 0, "void": false, "messages": [...]}
//   {"id": 3, "call": "expert", "episode": 0}                            {"id": 3, "turn": "..."}
//   {"call": "end", "episode": 0}
//
// An answer may be {"id": 2, "error": "..."} instead. The first line of all opens the environment
// and is answered by its name, its world and its configuration.

extension World {
  var json: JSONLiteral {
    [
      "turns": turns.map { .int($0) } ?? .null, "needs_rows": .bool(needsRows), "tools": tools,
      "stops": .array(stops.map { .string($0) }),
    ]
  }

  init(_ json: JSON) throws {
    self.init(
      turns: json["turns"].int, needsRows: json["needs_rows"].bool ?? false,
      tools: JSONLiteral(json["tools"]),
      stops: try json["stops"].requireArray().map { try $0.requireString() })
  }
}

extension EpisodeTask {
  /// A seed takes more digits than some readers of JSON keep.
  var members: [JSONLiteral.Member] {
    [.init("row", row.map { .string($0) } ?? .null), .init("seed", .string("\(seed)"))]
  }

  init(_ json: JSON) throws {
    self.init(row: json["row"].string, seed: UInt64(try json["seed"].requireString()) ?? 0)
  }
}

extension ModelTurn {
  var members: [JSONLiteral.Member] {
    [
      .init("number", .int(number)), .init("text", .string(text)), .init("cut", .bool(isCut)),
      .init("last", .bool(isLast)),
    ]
  }

  init(_ json: JSON) throws {
    self.init(
      number: try json["number"].requireInt(), text: try json["text"].requireString(),
      isCut: json["cut"].bool ?? false, isLast: json["last"].bool ?? false)
  }
}

extension Transition {
  var members: [JSONLiteral.Member] {
    [
      .init("ending", ending.map { .string($0.rawValue) } ?? .null),
      .init("reward", .double(reward)), .init("void", .bool(isVoid)),
      .init("messages", .array(messages)),
    ]
  }

  init(_ json: JSON) throws {
    self.init(
      ending: json["ending"].string.flatMap(EpisodeEnding.init),
      // What is no number in JSON was none before.
      reward: json["reward"].double ?? .nan, isVoid: json["void"].bool ?? false,
      messages: try json["messages"].requireArray().map { JSONLiteral($0) })
  }
}
