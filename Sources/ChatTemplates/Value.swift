import JSON

/// A value of a template, with Python's meaning.
enum Value {
  case undefined(Missing)
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list(Items)
  case tuple(Items)
  case mapping(Mapping)
  case range(PythonRange)
  /// What a mapping's `keys()`, `values()` or `items()` gives; `name` is Python's, for printing.
  case view(name: String, Items)
  case generator(Generator)
  case namespace(Namespace)
  case loop(LoopState)
  case function(Function)

  static func list(_ elements: [Value]) -> Value { .list(Items(elements)) }
  static func tuple(_ elements: [Value]) -> Value { .tuple(Items(elements)) }

  init(_ json: JSONLiteral) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .float(value)
    case .string(let value): self = .string(value)
    case .array(let elements): self = .list(elements.map { Value($0) })
    case .object(let members):
      self = .mapping(Mapping(members.map { (.string($0.key), Value($0.value)) }))
    }
  }

  /// Levels of nesting; what may not be put into another value counts as endless.
  var depth: Int {
    switch self {
    case .list(let items), .tuple(let items), .view(_, let items): items.depth
    case .mapping(let mapping): mapping.depth
    case .generator(let generator): generator.depth
    case .namespace, .loop: .max
    default: 0
    }
  }

  /// Python's name of the kind, for messages.
  var kindName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .mapping: "dict"
    case .range: "range"
    case .view(let name, _): name
    case .generator: "generator"
    case .namespace: "Namespace"
    case .loop: "LoopContext"
    case .function: "function"
    }
  }

  /// Python's `bool(value)`.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let items), .tuple(let items), .view(_, let items): !items.elements.isEmpty
    case .mapping(let mapping): !mapping.entries.isEmpty
    case .range(let range): range.count > 0
    case .generator, .namespace, .loop, .function: true
    }
  }

  /// The integer that Python would take for an index: a boolean counts.
  var index: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .float(let value) = self { value } else { index.map(Double.init) }
  }
}

/// Why a value is undefined; the words are made only when somebody asks.
indirect enum Missing: CustomStringConvertible {
  case variable(String)
  case attribute(String, of: String)
  case element(Value, of: String)
  case firstOrLast(String)

  var description: String {
    switch self {
    case .variable(let name): "'\(name)' is undefined"
    case .attribute(let name, let kind): "'\(kind) object' has no attribute '\(name)'"
    case .element(let index, let kind): "'\(kind) object' has no element \(index.represented)"
    case .firstOrLast(let which): "there is no \(which) item, the sequence is empty"
    }
  }
}

/// The elements of a list or tuple, with how deep they nest.
struct Items {
  let elements: [Value]
  let depth: Int

  init(_ elements: [Value]) {
    self.elements = elements
    depth = elements.reduce(0) { max($0, $1.depth) }.oneDeeper
  }
}

/// A dictionary in order of insertion.
struct Mapping {
  let entries: [(key: Value, value: Value)]
  let depth: Int
  /// Where each key stands; only for mappings too large to search.
  private let places: [Value: Int]?

  /// Of equal keys the last value wins, at the first one's place.
  init(_ entries: [(Value, Value)]) {
    var kept: [(key: Value, value: Value)] = []
    var places: [Value: Int] = [:]
    kept.reserveCapacity(entries.count)
    for (key, value) in entries {
      if let place = places[key] {
        kept[place].value = value
      } else {
        places[key] = kept.count
        kept.append((key, value))
      }
    }
    self.entries = kept
    self.places = kept.count > 8 ? places : nil
    depth = kept.reduce(0) { max($0, $1.value.depth, $1.key.depth) }.oneDeeper
  }

  subscript(key: Value) -> Value? {
    if let places { return places[key].map { entries[$0].value } }
    return entries.first { $0.key == key }?.value
  }

  var keys: [Value] { entries.map(\.key) }
  var values: [Value] { entries.map(\.value) }
  var pairs: [Value] { entries.map { .tuple([$0.key, $0.value]) } }
}

extension Int {
  /// One more, unless that overflows.
  fileprivate var oneDeeper: Int { self == .max ? .max : self + 1 }
}

/// Python's `range`: arithmetic instead of elements.
struct PythonRange: Equatable {
  let start: Int, end: Int, step: Int

  var count: Int {
    if step > 0 { return end > start ? (end - start - 1) / step + 1 : 0 }
    return start > end ? (start - end - 1) / -step + 1 : 0
  }
  var elements: [Value] { (0..<count).map { .int(start + $0 * step) } }
}

/// What `map`, `select` and their like give: elements that can be walked through once.
final class Generator {
  private var advance: () throws -> Value?
  let depth: Int

  init(depth: Int = 1, _ next: @escaping () throws -> Value?) {
    (self.depth, advance) = (depth, next)
  }

  convenience init(_ elements: [Value]) {
    var rest = elements.makeIterator()
    self.init(depth: Items(elements).depth) { rest.next() }
  }

  func next() throws -> Value? {
    if let value = try advance() { return value }
    advance = { nil }
    return nil
  }
}

/// `namespace(...)`: the one value that statements can change.
final class Namespace {
  var attributes: [(name: String, value: Value)]

  init(_ attributes: [(name: String, value: Value)]) { self.attributes = attributes }

  subscript(name: String) -> Value? {
    get { attributes.first { $0.name == name }?.value }
    set {
      if let place = attributes.firstIndex(where: { $0.name == name }) {
        attributes[place].value = newValue!
      } else {
        attributes.append((name, newValue!))
      }
    }
  }
}

/// `loop`, as the body of a loop sees it.
final class LoopState {
  let elements: [Value]
  let depth: Int
  var index = 0
  /// What `changed` was last called with.
  var seen: [Value]?

  init(elements: [Value], depth: Int) { (self.elements, self.depth) = (elements, depth) }
}

/// Something that can be called, bound to its receiver where it has one.
struct Function {
  let name: String
  let call: (Interpreter, Arguments) throws -> Value
}
