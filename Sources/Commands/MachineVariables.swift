import Kernels

/// What the environment says about the machine. The kernels read it when they start; what they would
/// pass over in silence is said here.
enum MachineVariables {
  private static let counts = [("TEMPER_THREADS", 1...256), ("TEMPER_SPIN_US", 0...1_000_000)]

  /// - Parameter current: the instruction set in use.
  /// - Returns: what the machine cannot do, and does in another way.
  /// - Throws: ``ConfigurationError/value(place:value:expected:)`` for a value that says nothing.
  static func check(
    _ environment: [String: String], current: InstructionSet = .current
  ) throws(ConfigurationError) -> String? {
    for (name, range) in counts {
      guard let value = environment[name], !value.isEmpty else { continue }
      guard let count = Int(value), range.contains(count) else {
        throw .value(
          place: name, value: value,
          expected: "a number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    guard let name = environment["TEMPER_ISA"], !name.isEmpty else { return nil }
    guard let named = InstructionSet(rawValue: name) else {
      let known = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw .value(place: "TEMPER_ISA", value: name, expected: "one of \(known)")
    }
    return named == current
      ? nil : "TEMPER_ISA names \(named), which this machine lacks; \(current) takes its place"
  }
}
