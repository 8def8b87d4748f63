import Foundation

extension Interpreter {
  /// The functions that every template finds.
  static var globals: [String: Value] {
    func function(
      _ name: String, _ call: @escaping (Interpreter, Arguments) throws -> Value
    ) -> (String, Value) { (name, .function(Function(name: name, call: call))) }
    return Dictionary(uniqueKeysWithValues: [
      function("raise_exception") { _, arguments in
        throw Failure(
          .raised, try arguments.bound(to: "message", of: "raise_exception").require(0).printed)
      },
      function("strftime_now") { interpreter, arguments in
        let format = try arguments.bound(to: "format", of: "strftime_now").requireText(0)
        return try interpreter.string(interpreter.formattedTime(format))
      },
      function("namespace") { interpreter, arguments in
        var entries: [(name: String, value: Value)] = []
        if let first = arguments.positional.first {
          guard arguments.positional.count == 1, case .mapping(let mapping) = first else {
            throw Failure.type("'namespace' takes named values, or one mapping")
          }
          entries = mapping.entries.map { ($0.key.printed, $0.value) }
        }
        let namespace = Namespace(entries)
        for (name, value) in entries + arguments.named {
          guard !name.hasPrefix("_") else {
            throw Failure.type("a namespace cannot hold '\(name)', which begins with '_'")
          }
          try interpreter.checkNesting(of: value)
          namespace[name] = value
        }
        return .namespace(namespace)
      },
      function("range") { _, arguments in
        let bounds = try arguments.positional.map { value in
          guard let index = value.index else {
            throw Failure.type("'range' needs integers, not \(value.kindName)")
          }
          return index
        }
        guard (1...3).contains(bounds.count), arguments.named.isEmpty else {
          throw Failure.type("'range' takes one to three integers")
        }
        let step = bounds.count == 3 ? bounds[2] : 1
        let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        guard step != 0 else { throw Failure.type("'range' cannot have a step of zero") }
        guard max(start.magnitude, end.magnitude, step.magnitude) < 1 << 62 else {
          throw Failure(.limit, "a range of more than \(maximumRange) numbers")
        }
        let range = PythonRange(start: start, end: end, step: step)
        guard range.count <= maximumRange else {
          throw Failure(.limit, "a range of more than \(maximumRange) numbers")
        }
        return .range(range)
      },
      function("dict") { interpreter, arguments in
        var entries: [(Value, Value)] = []
        for value in arguments.positional {
          if case .mapping(let mapping) = value {
            entries += mapping.entries.map { ($0.key, $0.value) }
          } else {
            for pair in try interpreter.elements(of: value) {
              let parts = try interpreter.elements(of: pair)
              guard parts.count == 2 else { throw Failure.type("'dict' needs pairs") }
              entries.append((try interpreter.hashable(parts[0]), parts[1]))
            }
          }
        }
        entries += arguments.named.map { (.string($0.name), $0.value) }
        for entry in entries { try interpreter.checkNesting(of: entry.1) }
        return .mapping(Mapping(entries))
      },
    ])
  }

  /// The reference's own limit.
  private static let maximumRange = 100_000

  /// C's `strftime` for ``now`` in ``timeZone``, English names; `%f` is microseconds, `%z` and
  /// `%Z` are empty, as in Python for a time without a zone.
  private func formattedTime(_ format: String) -> String {
    let local = now.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: now))
    var seconds = time_t(local.rounded(.down))
    let micros = String(Int((local - local.rounded(.down)) * 1e6))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var pattern = ""
    var rest = Substring(format)
    while let character = rest.popFirst() {
      guard character == "%", let directive = rest.popFirst() else {
        pattern.append(character)
        continue
      }
      switch directive {
      case "f": pattern += String(repeating: "0", count: 6 - micros.count) + micros
      case "z", "Z": break
      default: pattern += "%\(directive)"
      }
    }
    // A text that may be empty cannot tell an empty result from a full buffer; a mark can.
    var buffer = [CChar](repeating: 0, count: 256 + 64 * pattern.utf8.count)
    let count = strftime(&buffer, buffer.count, pattern + ".", &parts)
    return String(
      decoding: buffer.prefix(max(0, count - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
