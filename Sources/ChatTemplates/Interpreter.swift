import Foundation

/// Runs the statements of one template once.
///
/// All work is bounded: steps, bytes of text made, depth of calls. A template comes from a
/// downloaded folder and is not to be trusted with the process.
final class Interpreter {
  /// Expressions, statements and elements walked through.
  static let maximumSteps = 20_000_000
  /// Bytes of strings made on the way, the output included.
  static let maximumBytes = 1 << 28
  static let maximumOutput = 1 << 26
  /// Calls, blocks and expressions within each other.
  static let maximumDepth = 500
  /// Lists within lists, and the like.
  static let maximumNesting = 100

  /// What went wrong last stands on this line.
  private(set) var line = 1
  let now: Date
  let timeZone: TimeZone
  private var output = ""
  private var scope: Scope
  private var steps = 0
  private var bytes = 0
  private var depth = 0
  private var loopDepth = 0

  init(variables: [String: Value], now: Date, timeZone: TimeZone) {
    scope = Scope(parent: nil)
    (self.now, self.timeZone) = (now, timeZone)
    scope.variables = Self.globals.merging(variables) { $1 }
  }

  func run(_ statements: [Statement]) throws -> String {
    _ = try execute(statements)
    return output
  }

  // MARK: Bounds

  func charge(steps count: Int = 1) throws {
    steps += min(count, Self.maximumSteps + 1)
    guard steps <= Self.maximumSteps else {
      throw Failure(.limit, "the template has taken \(Self.maximumSteps) steps; it may not end")
    }
  }

  func charge(bytes count: Int) throws {
    bytes += min(count, Self.maximumBytes + 1)
    guard bytes <= Self.maximumBytes else {
      throw Failure(
        .limit, "the template has made more than \(Self.maximumBytes >> 20) MiB of text")
    }
  }

  /// The value `text`, its bytes counted.
  func string(_ text: String) throws -> Value {
    try charge(bytes: text.utf8.count)
    return .string(text)
  }

  func deeper<T>(_ body: () throws -> T) throws -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw Failure(.limit, "calls and blocks are nested more than \(Self.maximumDepth) deep")
    }
    return try body()
  }

  // MARK: Scopes

  /// The names that one block has set; reads go outwards, writes stay.
  private final class Scope {
    var variables: [String: Value] = [:]
    let parent: Scope?

    init(parent: Scope?) { self.parent = parent }
  }

  func variable(_ name: String) -> Value {
    var candidate: Scope? = scope
    while let current = candidate {
      if let value = current.variables[name] { return value }
      candidate = current.parent
    }
    return .undefined(.variable(name))
  }

  private func inScope<T>(_ inner: Scope, _ body: () throws -> T) rethrows -> T {
    let outer = scope
    scope = inner
    defer { scope = outer }
    return try body()
  }

  private func captured(_ body: () throws -> Void) throws -> String {
    let outer = output
    output = ""
    defer { output = outer }
    try body()
    return output
  }

  private var outermost: Scope {
    var result = scope
    while let parent = result.parent { result = parent }
    return result
  }

  // MARK: Statements

  private enum Flow { case onward, breakLoop, continueLoop }

  private func execute(_ statements: [Statement]) throws -> Flow {
    try deeper {
      for statement in statements {
        line = statement.line
        try charge()
        let flow = try execute(statement.kind)
        if flow != .onward { return flow }
      }
      return .onward
    }
  }

  private func execute(_ statement: Statement.Kind) throws -> Flow {
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression): try write(try evaluate(expression).printed)
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition).isTrue {
        return try execute(branch.body)
      }
      return try execute(otherwise)
    case .loop(let loop): try execute(loop)
    case .assignment(let target, let value): try assign(try evaluate(value), to: target)
    case .capture(let target, let filters, let body):
      let text = try captured { _ = try inScope(Scope(parent: scope)) { try execute(body) } }
      var value = try string(text)
      for (filter, arguments) in filters {
        value = try filter.apply(to: value, try evaluate(arguments), in: self)
      }
      try assign(value, to: target)
    case .generation(let body):
      _ = try inScope(Scope(parent: scope)) { try execute(body) }
    case .macro(let macro): scope.variables[macro.name] = .function(function(of: macro))
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .onward
  }

  private func write(_ text: String) throws {
    try charge(bytes: text.utf8.count)
    output += text
    guard output.utf8.count <= Self.maximumOutput else {
      throw Failure(.limit, "the output is larger than \(Self.maximumOutput >> 20) MiB")
    }
  }

  private func execute(_ loop: ForLoop) throws {
    var elements = try elements(of: try evaluate(loop.elements))
    if let condition = loop.condition {
      elements = try elements.filter { element in
        try inScope(Scope(parent: scope)) {
          try assign(element, to: loop.target)
          return try evaluate(condition).isTrue
        }
      }
    }
    if elements.isEmpty {
      _ = try inScope(Scope(parent: scope)) { try execute(loop.otherwise) }
      return
    }
    loopDepth += 1
    defer { loopDepth -= 1 }
    let state = LoopState(elements: elements, depth: loopDepth)
    for (index, element) in elements.enumerated() {
      try charge(steps: 4)  // an iteration makes a scope
      state.index = index
      let inner = Scope(parent: scope)
      inner.variables["loop"] = .loop(state)
      let flow = try inScope(inner) {
        try assign(element, to: loop.target)
        return try execute(loop.body)
      }
      if flow == .breakLoop { return }
    }
  }

  private func assign(_ value: Value, to target: Target) throws {
    switch target {
    case .variable(let name):
      try checkNesting(of: value, allowing: .max)
      scope.variables[name] = value
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace) = variable(name) else {
        throw Failure.type("'\(name)' is no namespace; only a namespace's attributes can be set")
      }
      guard !attribute.hasPrefix("_") else {
        throw Failure.type("a namespace cannot hold '\(attribute)', which begins with '_'")
      }
      try checkNesting(of: value)
      namespace[attribute] = value
    case .tuple(let targets):
      let elements = try elements(of: value)
      guard elements.count == targets.count else {
        throw Failure.type("\(elements.count) values are assigned to \(targets.count) names")
      }
      for (target, element) in zip(targets, elements) { try assign(element, to: target) }
    }
  }

  /// Refuses what nests too deep, and namespaces where they could come to hold themselves.
  func checkNesting(of value: Value, allowing endless: Int? = nil) throws {
    guard value.depth <= Self.maximumNesting || value.depth == endless else {
      let what =
        value.depth == .max
        ? "a \(value.kindName) cannot be put into another value"
        : "values are nested more than \(Self.maximumNesting) deep"
      throw Failure(.limit, what)
    }
  }

  private func function(of macro: Macro) -> Function {
    Function(name: macro.name) { interpreter, arguments in
      try interpreter.call(macro, arguments)
    }
  }

  private func call(_ macro: Macro, _ arguments: Arguments) throws -> Value {
    let bound = try arguments.bound(to: macro.parameters.map(\.name), of: macro.name)
    let callLine = line
    let inner = Scope(parent: outermost)
    let text = try deeper {
      try captured {
        try inScope(inner) {
          for (place, parameter) in macro.parameters.enumerated() {
            let standard = try parameter.standard.map { try evaluate($0) }
            inner.variables[parameter.name] =
              bound[place] ?? standard ?? .undefined(.variable(parameter.name))
          }
          _ = try execute(macro.body)
        }
      }
    }
    line = callLine
    return try string(text)
  }
}
