import FoundationEssentials
import TemperPlugin

/// Measures where an update goes: how sparse it is, whether it turns the leading subspaces of the
/// weights, and what of it lies off them.
///
/// "The Path Not Taken: RLVR Provably Learns Off the Principals" (arXiv:2511.08567); definitions as
/// quoted by arXiv:2606.07082.
struct OffPrincipal: Detector {
  struct Configuration: PluginConfiguration {
    /// Warns; else it only measures.
    var warns = false
    /// Matrices that are followed from the start, spread over the model, and how many of them are
    /// looked at each time, in turn.
    var matrices = 4
    var perLook = 2
    /// A matrix that is followed has at most so many entries.
    var largest = 1 << 20
    /// Only tensors whose name has this in it.
    var matching = ""
    /// Leading singular directions; `null` for a tenth of the smaller side, from 8 to 64.
    var k: Int?
    /// Below this smaller side all singular values are computed, else the leading ones by a
    /// randomised range finder.
    var exactBelow = 128
    /// An entry is unchanged within this share of its size.
    var unchanged = 1e-3
    /// The share of entries in the masks of principal and of small weights.
    var alpha = 0.3
    /// Of reinforcement learning: the spectral shift and angle at most, the sparsity at least.
    var nss = 1e-3
    var angle = 5.0
    var sparsity = 0.3
    /// How often larger the spectral shift of a matrix may be than at its last look.
    var jump = 5.0
  }

  struct State: PluginState {
    /// In the order in which they are looked at.
    var followed: [Reference] = []
    var next = 0
    var hasBegun = false
  }

  /// A matrix as it was at the start.
  struct Reference: Codable, Sendable {
    let name: String
    let rows: Int
    let columns: Int
    /// `[rows, columns]` of floats.
    let weights: Data
    var lastShift: Double?
  }

  static let id = "temper.detector.off-principal"
  static let version = "1.0.0"
  static let summary =
    "The geometry of the update: sparsity, spectral shift, rotation, off-principal."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("matrices", Double(configuration.matrices), atLeast: 1)
    try configuration.require("per_look", Double(configuration.perLook), atLeast: 1)
    try configuration.require("largest", Double(configuration.largest), atLeast: 4)
    try configuration.require("k", Double(configuration.k ?? 1), atLeast: 1)
    try configuration.require("exact_below", Double(configuration.exactBelow), atLeast: 1)
    try configuration.require("unchanged", configuration.unchanged, atLeast: 0, below: 1)
    try configuration.require("alpha", configuration.alpha, above: 0, below: 1)
    try configuration.require("nss", configuration.nss, above: 0)
    try configuration.require("angle", configuration.angle, above: 0, atMost: 90)
    try configuration.require("sparsity", configuration.sparsity, atLeast: 0, atMost: 1)
    try configuration.require("jump", configuration.jump, above: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  /// At the first update it takes note of the weights before it, and at no other.
  let needs = DetectorNeeds([.update, .checkpoint], views: true, every: 1 << 30)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    let matrices = observation.tensors.filter(isMeant)
    guard !state.hasBegun || observation.event == .checkpoint else { return .nothing }
    guard state.hasBegun else {
      state.hasBegun = !matrices.isEmpty
      state.followed = spread(matrices, configuration.matrices).map(Reference.init)
      return .nothing
    }
    var findings = Findings()
    for _ in 0..<min(configuration.perLook, state.followed.count) {
      let place = state.next % state.followed.count
      state.next = place + 1
      let start = state.followed[place]
      guard let now = matrices.first(where: { $0.name == start.name })?.weights,
        now.count == start.rows * start.columns, now.allSatisfy(\.isFinite)
      else { continue }
      let geometry = UpdateGeometry(from: start, to: now, configuration) {
        host.randomBits(stream: UInt64(place), counter: UInt64($0))
      }
      geometry.record(host)
      find(geometry, start, &findings)
      state.followed[place].lastShift = geometry.shift
    }
    return findings.strongest
  }

  private func isMeant(_ tensor: TensorView) -> Bool {
    tensor.shape.count == 2 && tensor.shape.allSatisfy { $0 > 1 }
      && tensor.count <= configuration.largest && tensor.weights != nil
      && !tensor.name.contains("embed") && !tensor.name.contains("lm_head")
      && (configuration.matching.isEmpty || tensor.name.contains(configuration.matching))
  }

  private func spread(_ tensors: [TensorView], _ count: Int) -> [TensorView] {
    guard tensors.count > count else { return tensors }
    return (0..<count).map { tensors[$0 * tensors.count / count] }
  }

  private func find(
    _ geometry: UpdateGeometry, _ start: Reference, _ findings: inout Findings
  ) {
    guard configuration.warns else { return }
    var signs: [String] = []
    if geometry.shift > configuration.nss {
      signs.append("spectral shift \(short(geometry.shift))")
    }
    if let angle = geometry.angles.flatMap(\.self).max(), angle > configuration.angle {
      signs.append("subspaces turned by \(short(angle)) degrees")
    }
    if let overlap = geometry.principalOverlap, overlap > configuration.alpha {
      signs.append("\(percent(overlap)) of what changed is principal")
    }
    if geometry.sparsity < configuration.sparsity {
      signs.append("\(percent(1 - geometry.sparsity)) of the entries changed")
    }
    if !signs.isEmpty {
      findings.warn(
        """
        the update of \(start.name) is none of reinforcement learning any more: \
        \(signs.joined(separator: ", ")); lower the learning rate
        """)
    }
    if let last = start.lastShift, last > 0, geometry.shift > configuration.jump * last {
      findings.warn(
        """
        the spectral shift of \(start.name) is \(short(geometry.shift)), \
        \(short(geometry.shift / last)) times that of its last look: lower the learning rate
        """)
    }
  }
}

extension OffPrincipal.Reference {
  init(_ tensor: TensorView) {
    (name, rows, columns) = (tensor.name, tensor.shape[0], tensor.shape[1])
    weights = Data(UnsafeRawBufferPointer(tensor.previous ?? tensor.weights!))
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(OffPrincipal.self) }
