import JSON

/// What was measured in one step: numbers by name, in the order in which they were set.
public struct StepMetrics: Sendable, Equatable {
  private var places: [MetricName: Int] = [:]
  private var entries: [(name: MetricName, value: Double)] = []

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }
  public var count: Int { entries.count }
  public var names: [MetricName] { entries.map(\.name) }

  /// The value of `name`. A name that is set again keeps its place; `nil` takes it out.
  public subscript(name: MetricName) -> Double? {
    get { places[name].map { entries[$0].value } }
    set {
      switch (places[name], newValue) {
      case (let place?, let value?):
        entries[place].value = value
      case (nil, let value?):
        places[name] = entries.count
        entries.append((name, value))
      case (let place?, nil):
        entries.remove(at: place)
        places = Dictionary(
          uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
      case (nil, nil):
        break
      }
    }
  }

  /// Adds the other's metrics; where both have a name, the other's value holds.
  public mutating func merge(_ other: StepMetrics) {
    for (name, value) in other.entries { self[name] = value }
  }

  public static func == (a: StepMetrics, b: StepMetrics) -> Bool {
    a.entries.elementsEqual(b.entries) { $0.name == $1.name && $0.value == $1.value }
  }

  /// The members of a record, without its step.
  var members: [JSONLiteral.Member] {
    entries.map { JSONLiteral.Member($0.name.rawValue, .double($0.value)) }
  }
}

extension StepMetrics: Sequence {
  public func makeIterator() -> IndexingIterator<[(name: MetricName, value: Double)]> {
    entries.makeIterator()
  }
}

extension StepMetrics: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (MetricName, Double)...) {
    self.init()
    for (name, value) in elements { self[name] = value }
  }
}
