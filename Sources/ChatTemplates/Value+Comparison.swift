/// Python's equality: numbers and booleans by value, kinds never mixed otherwise.
extension Value: Hashable {
  static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.string(let left), .string(let right)): left.isSameText(as: right)
    case (.none, .none), (.undefined, .undefined): true
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      left.elements == right.elements
    case (.mapping(let left), .mapping(let right)):
      left.entries.count == right.entries.count
        && left.entries.allSatisfy { right[$0.key] == $0.value }
    case (.range(let left), .range(let right)):
      left == right || left.elements == right.elements
    case (.namespace(let left), .namespace(let right)): left === right
    case (.generator(let left), .generator(let right)): left === right
    case (.loop(let left), .loop(let right)): left === right
    case (.view(let leftName, let left), .view(let rightName, let right)):
      leftName == rightName && left.elements == right.elements
    default:
      if let left = left.index, let right = right.index {
        left == right
      } else if let left = left.number, let right = right.number {
        left == right
      } else {
        false
      }
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .string(var text): text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    case .tuple(let items): hasher.combine(items.elements)
    default: hasher.combine(number)
    }
  }

  /// False where Python would say `unhashable type`.
  var isHashable: Bool {
    switch self {
    case .list, .mapping, .namespace, .view, .generator, .loop: false
    case .tuple(let items): items.elements.allSatisfy(\.isHashable)
    default: true
    }
  }

  /// The order of two values: negative, zero or positive; `nil` beside a NaN.
  func order(to other: Value) throws -> Int? {
    switch (self, other) {
    case (.undefined(let missing), _), (_, .undefined(let missing)):
      throw Failure.undefined(missing)
    case (.string(let left), .string(let right)):
      // The order of UTF-8 bytes is that of code points.
      if left.isSameText(as: right) { return 0 }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      for (left, right) in zip(left.elements, right.elements) where left != right {
        return try left.order(to: right)
      }
      return (left.elements.count - right.elements.count).signum()
    default:
      if let left = index, let right = other.index {
        return left < right ? -1 : left == right ? 0 : 1
      }
      if let left = number, let right = other.number {
        if left.isNaN || right.isNaN { return nil }
        return left < right ? -1 : left == right ? 0 : 1
      }
      throw Failure.type("'\(kindName)' and '\(other.kindName)' have no order")
    }
  }
}

extension String {
  /// The same code points. Swift's `==` would also take `é` and `e` + U+0301 for one.
  func isSameText(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}
