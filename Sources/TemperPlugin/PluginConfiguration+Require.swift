extension PluginConfiguration {
  /// Refuses a number that cannot be used, as every plugin words it: `'rho' is 2; give a number
  /// above 0 and at most 1`. What is not finite is refused too.
  ///
  /// - Parameter key: as the user writes it.
  public func require(
    _ key: String, _ value: Double, above: Double? = nil, atLeast: Double? = nil,
    atMost: Double? = nil, below: Double? = nil
  ) throws {
    let bounds = [
      above.map { (value > $0, "above \($0.text)") },
      atLeast.map { (value >= $0, "at least \($0.text)") },
      atMost.map { (value <= $0, "at most \($0.text)") },
      below.map { (value < $0, "below \($0.text)") },
    ].compactMap(\.self)
    guard !value.isFinite || bounds.contains(where: { !$0.0 }) else { return }
    let range = bounds.map(\.1).joined(separator: " and ")
    throw PluginError.invalidConfiguration(
      "'\(key)' is \(value.text); give a \(range.isEmpty ? "finite number" : "number \(range)")")
  }
}

extension Double {
  /// `1` rather than `1.0`, as users write it.
  fileprivate var text: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}
