import Foundation
import JSON

extension Interpreter {
  func evaluate(_ expression: Expression) throws -> Value {
    try charge()
    return try deeper { try evaluateNode(expression) }
  }

  private func evaluateNode(_ expression: Expression) throws -> Value {
    switch expression {
    case .literal(let literal): return Value(literal)
    case .variable(let name): return variable(name)
    case .list(let elements): return .list(try evaluate(elements))
    case .tuple(let elements): return .tuple(try evaluate(elements))
    case .mapping(let entries):
      return .mapping(
        Mapping(
          try entries.map { (try hashable(try evaluate($0.key)), try evaluate($0.value)) }))
    case .attribute(let operand, let name): return try attribute(name, of: try evaluate(operand))
    case .element(let operand, let index):
      return try element(try evaluate(index), of: try evaluate(operand))
    case .slice(let operand, let start, let end, let step):
      return try slice(
        of: try evaluate(operand), start: try start.map { try evaluate($0) },
        end: try end.map { try evaluate($0) }, step: try step.map { try evaluate($0) })
    case .call(let callee, let arguments):
      return try call(try evaluate(callee), try evaluate(arguments))
    case .filter(let operand, let filter, let arguments):
      return try filter.apply(to: try evaluate(operand), try evaluate(arguments), in: self)
    case .test(let operand, let predicate, let arguments):
      return .bool(
        try predicate.holds(for: try evaluate(operand), try evaluate(arguments), in: self))
    case .arithmetic(let operation, let left, let right):
      return try arithmetic(operation, try evaluate(left), try evaluate(right))
    case .negative(let operand): return try signed(try evaluate(operand), negative: true)
    case .positive(let operand): return try signed(try evaluate(operand), negative: false)
    case .concatenation(let parts):
      return try string(try parts.reduce(into: "") { $0 += try evaluate($1).printed })
    case .comparison(let first, let rest): return .bool(try compare(first, rest))
    case .and(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return value.isTrue ? value : try evaluate(right)
    case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
    case .conditional(let condition, let value, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(value) }
      return try otherwise.map { try evaluate($0) }
        ?? .undefined(.variable("the else of an inline if"))
    }
  }

  private func evaluate(_ expressions: [Expression]) throws -> [Value] {
    try expressions.map { expression in
      let value = try evaluate(expression)
      try checkNesting(of: value)
      return value
    }
  }

  func evaluate(_ list: ArgumentList) throws -> Arguments {
    Arguments(
      positional: try list.positional.map { try evaluate($0) },
      named: try list.named.map { ($0.name, try evaluate($0.value)) })
  }

  func call(_ callee: Value, _ arguments: Arguments) throws -> Value {
    switch callee {
    case .function(let function): return try deeper { try function.call(self, arguments) }
    case .undefined(let missing): throw Failure.undefined(missing)
    default: throw Failure.type("a value of kind \(callee.kindName) cannot be called")
    }
  }

  func hashable(_ key: Value) throws -> Value {
    guard key.isHashable else {
      throw Failure.type("a value of kind \(key.kindName) cannot be a key")
    }
    return key
  }

  // MARK: Comparison

  private func compare(
    _ first: Expression, _ rest: [(ComparisonOperator, Expression)]
  ) throws -> Bool {
    var left = try evaluate(first)
    for (comparison, expression) in rest {
      let right = try evaluate(expression)
      guard try compare(comparison, left, right) else { return false }
      left = right
    }
    return true
  }

  func compare(_ comparison: ComparisonOperator, _ left: Value, _ right: Value) throws -> Bool {
    switch comparison {
    case .equal: left == right
    case .notEqual: left != right
    case .less: try left.order(to: right).map { $0 < 0 } ?? false
    case .lessOrEqual: try left.order(to: right).map { $0 <= 0 } ?? false
    case .greater: try left.order(to: right).map { $0 > 0 } ?? false
    case .greaterOrEqual: try left.order(to: right).map { $0 >= 0 } ?? false
    case .contained: try contains(right, left)
    case .notContained: !(try contains(right, left))
    }
  }

  private func contains(_ collection: Value, _ element: Value) throws -> Bool {
    switch collection {
    case .string(let text):
      guard case .string(let part) = element else {
        if case .undefined(let missing) = element { throw Failure.undefined(missing) }
        throw Failure.type("'in' of a string needs a string, not \(element.kindName)")
      }
      return text.holds(part)
    case .mapping(let mapping): return mapping[try hashable(element)] != nil
    case .range(let range):
      guard let value = element.number, value == value.rounded() else { return false }
      return try elements(of: .range(range)).contains(element)
    default: return try elements(of: collection).contains(element)
    }
  }

  // MARK: Arithmetic

  func arithmetic(
    _ operation: ArithmeticOperator, _ left: Value, _ right: Value
  ) throws -> Value {
    for operand in [left, right] {
      if case .undefined(let missing) = operand { throw Failure.undefined(missing) }
    }
    if let left = left.index, let right = right.index {
      return try arithmetic(operation, left, right)
    }
    if let left = left.number, let right = right.number {
      return .float(try arithmetic(operation, left, right))
    }
    switch (operation, left, right) {
    case (.add, .string(let left), .string(let right)): return try string(left + right)
    case (.add, .list(let left), .list(let right)):
      try charge(steps: left.elements.count + right.elements.count)
      return .list(left.elements + right.elements)
    case (.add, .tuple(let left), .tuple(let right)):
      try charge(steps: left.elements.count + right.elements.count)
      return .tuple(left.elements + right.elements)
    case (.multiply, _, _):
      if let count = right.index, let result = try repeated(left, count) { return result }
      if let count = left.index, let result = try repeated(right, count) { return result }
    case (.remainder, .string, _):
      throw Failure(.unsupported, "string formatting with '%'")
    default: break
    }
    throw Failure.type(
      "'\(operation.rawValue)' does not work on \(left.kindName) and \(right.kindName)")
  }

  private func arithmetic(
    _ operation: ArithmeticOperator, _ left: Int, _ right: Int
  ) throws -> Value {
    var result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .divide: return .float(try arithmetic(.divide, Double(left), Double(right)))
    case .floorDivide, .remainder:
      guard right != 0 else { throw Failure.type("division by zero") }
      let (quotient, remainder) =
        right == -1 ? (0, 0) : left.quotientAndRemainder(dividingBy: right)
      let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
      if operation == .remainder { return .int(isBelow ? remainder + right : remainder) }
      result =
        right == -1 ? (0).subtractingReportingOverflow(left) : (quotient - (isBelow ? 1 : 0), false)
    case .power:
      guard right >= 0 else { return .float(try arithmetic(.power, Double(left), Double(right))) }
      result = (1, false)
      if right > 64, abs(left) > 1 { result.overflow = true }
      for _ in 0..<min(right, 64 + right % 2) where !result.overflow {
        result = result.partialValue.multipliedReportingOverflow(by: left)
      }
    }
    guard !result.overflow else {
      throw Failure.type("the result of '\(operation.rawValue)' does not fit 64 bits")
    }
    return .int(result.partialValue)
  }

  private func arithmetic(
    _ operation: ArithmeticOperator, _ left: Double, _ right: Double
  ) throws -> Double {
    switch operation {
    case .add: return left + right
    case .subtract: return left - right
    case .multiply: return left * right
    case .power:
      if left == 0, right < 0 { throw Failure.type("division by zero") }
      return pow(left, right)
    case .divide, .floorDivide, .remainder:
      guard right != 0 else { throw Failure.type("division by zero") }
      if operation == .divide { return left / right }
      var remainder = fmod(left, right)
      if remainder != 0, (remainder < 0) != (right < 0) { remainder += right }
      if operation == .remainder { return remainder }
      return ((left - remainder) / right).rounded()
    }
  }

  private func repeated(_ value: Value, _ count: Int) throws -> Value? {
    let count = max(0, count)
    switch value {
    case .string(let text):
      let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
      try charge(bytes: overflow ? .max : size)
      return .string(String(repeating: text, count: count))
    case .list(let items), .tuple(let items):
      let (size, overflow) = items.elements.count.multipliedReportingOverflow(by: count)
      try charge(steps: overflow ? .max : size)
      let elements = (0..<(items.elements.isEmpty ? 0 : count)).flatMap { _ in items.elements }
      if case .tuple = value { return .tuple(elements) }
      return .list(elements)
    default: return nil
    }
  }

  private func signed(_ value: Value, negative: Bool) throws -> Value {
    switch value {
    case .float(let number): return .float(negative ? -number : number)
    case .undefined(let missing): throw Failure.undefined(missing)
    default:
      guard let number = value.index, number != .min || !negative else {
        throw Failure.type("a value of kind \(value.kindName) has no sign")
      }
      return .int(negative ? -number : number)
    }
  }
}
