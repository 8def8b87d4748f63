import Glibc
import TemperPlugin

/// Where the update `dW = W - W_0` of one matrix goes.
struct UpdateGeometry {
  /// The share of entries that are unchanged, by their size.
  let sparsity: Double
  /// Entries that differ as bfloat16.
  let changed: Int
  /// `|s(W) - s(W_0)| / |s(W_0)|`, of the values that were computed over the norm of all.
  let shift: Double
  /// Principal angles between leading subspaces, in degrees, rising: on the left, on the right.
  let angles: [[Double]]
  /// The part of the changed entries that lies where the leading part of W_0 is largest, and where
  /// W_0 is smallest; `nil` where nothing changed.
  let principalOverlap: Double?
  let smallOverlap: Double?
  /// What of the update's energy lies off the leading subspaces; `nil` where nothing changed.
  let offPrincipal: Double?
  /// `|dW|_F^2 / |dW|_2^2`; `nil` where nothing changed.
  let stableRank: Double?

  /// - Parameter bits: random ones, by a counter: the same for both matrices.
  init(
    from start: OffPrincipal.Reference, to now: UnsafeBufferPointer<Float>,
    _ configuration: OffPrincipal.Configuration, bits: (Int) -> UInt64
  ) {
    let (rows, columns) = (start.rows, start.columns)
    let before = start.weights.withUnsafeBytes { bytes in
      (0..<rows * columns).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    let side = min(rows, columns)
    let k = min(configuration.k ?? min(max(side / 10, 8), 64), side)
    func decomposed(_ matrix: Dense) -> SingularValues {
      side < configuration.exactBelow
        ? SingularValues(matrix) : SingularValues(leading: k, of: matrix, bits: bits)
    }
    let (old, new) = (
      Dense(rows: rows, columns: columns, before.map(Double.init)),
      Dense(rows: rows, columns: columns, now.map(Double.init))
    )
    let (a, b) = (decomposed(old), decomposed(new))
    let update = new - old
    let energy = update.squares

    let moved = zip(before, now).map { $0.bfloat16 != $1.bfloat16 }
    changed = moved.count(where: \.self)
    let unchanged = zip(old.values, new.values).count {
      abs($1 - $0) <= configuration.unchanged * max(abs($0), abs($1))
    }
    sparsity = Double(unchanged) / Double(max(moved.count, 1))
    let norm = old.squares.squareRoot()
    let distance = zip(a.values, b.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    shift = norm > 0 ? distance.squareRoot() / norm : 0
    angles = [(a.u, b.u), (a.v, b.v)].map { Self.angles($0.prefix(k), $1.prefix(k)) }
    principalOverlap = Self.overlap(
      of: moved, withLargest: a.reconstruction(k).values.map(abs), share: configuration.alpha)
    smallOverlap = Self.overlap(
      of: moved, withLargest: old.values.map { -abs($0) }, share: configuration.alpha)
    guard energy > 0 else {
      (offPrincipal, stableRank) = (nil, nil)
      return
    }
    let inside = a.u.prefix(k).transposed * update * a.v.prefix(k)
    offPrincipal = max(1 - inside.squares / energy, 0)
    let largest = decomposed(update).values.first ?? 0
    stableRank = largest > 0 ? energy / (largest * largest) : nil
  }

  /// Between the spans of orthonormal columns.
  private static func angles(_ a: Dense, _ b: Dense) -> [Double] {
    SingularValues(a.transposed * b).values.map { acos(min($0, 1)) * 180 / .pi }
  }

  /// The part of the flagged entries among those with the largest scores: the share's number of
  /// them, and all that tie with the last.
  private static func overlap(
    of flags: [Bool], withLargest scores: [Double], share: Double
  ) -> Double? {
    let number = Int(share * Double(scores.count))
    let flagged = flags.count(where: \.self)
    guard flagged > 0, number > 0 else { return nil }
    let least = scores.sorted(by: >)[number - 1]
    let both = zip(flags, scores).count { $0 && $1 >= least }
    return Double(both) / Double(flagged)
  }

  func record(_ host: Host) {
    host.record("sparsity", sparsity)
    host.record("bf16_changed", Double(changed))
    host.record("nss", shift)
    for (side, angles) in zip(["u", "v"], angles) {
      guard let least = angles.min(), let most = angles.max(), let mean = angles.mean else {
        continue
      }
      host.record("angle_\(side)_min", least)
      host.record("angle_\(side)_mean", mean)
      host.record("angle_\(side)_max", most)
    }
    for (name, value) in [
      ("overlap_principal", principalOverlap), ("overlap_low", smallOverlap),
      ("off_principal_energy", offPrincipal), ("stable_rank", stableRank),
    ] {
      if let value { host.record(name, value) }
    }
  }
}

extension Float {
  /// The bits of the nearest bfloat16, ties to even.
  fileprivate var bfloat16: UInt32 {
    let bits = bitPattern
    return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
  }
}
