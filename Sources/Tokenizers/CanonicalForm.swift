/// Unicode normalisation forms C and D (Unicode Standard Annex 15), over UTF-8.
///
/// Foundation's `precomposedStringWithCanonicalMapping` leaves some Hangul syllables apart and some
/// marks out of order, so only its data is used here, one code point at a time, where it is right.
///
/// The tables stop at Unicode 9.0, as those of the reference library (Hugging Face `tokenizers`)
/// do: a newer mark stays where it stands, and models have been trained on ids made so.
struct CanonicalForm: Sendable {
  static let shared = CanonicalForm()

  /// Full canonical decompositions, Hangul left out.
  private var decompositions: [UInt32: [UInt32]] = [:]
  /// Canonical combining classes other than 0.
  private var combiningClasses: [UInt32: UInt8] = [:]
  /// Primary composites by `first << 32 | second`, Hangul left out.
  private var composites: [UInt64: UInt32] = [:]
  /// Code points that form C may change or join to what stands before them, by bits.
  private var unstable = [UInt64](repeating: 0, count: 0x30000 / 64)

  /// Below this every character is its own form C and starts a new stretch.
  private static let firstUnstable: UInt32 = 0x300
  private static let firstUnstableLead: UInt8 = 0xCC
  /// Where all decomposable characters but Hangul and all marks lie.
  private static let ranges: [ClosedRange<UInt32>] = [
    0xC0...0x33FF, 0xA000...0xABFF, 0xF900...0xFFFF, 0x10000...0x16FFF, 0x1BC00...0x1BCFF,
    0x1D100...0x1E9FF, 0x2F800...0x2FA1F,
  ]

  private enum Hangul {
    static let (s, l, v, t) = (UInt32(0xAC00), UInt32(0x1100), UInt32(0x1161), UInt32(0x11A7))
    static let (vCount, tCount) = (UInt32(21), UInt32(28))
    static let syllables = s..<s + 19 * vCount * tCount
  }

  private init() {
    for value in Self.ranges.joined() {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 9
      else { continue }
      let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
      if combiningClass != 0 { combiningClasses[value] = combiningClass }
      let form = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
      if form != [value] { decompositions[value] = form }
    }
    // Shorter decompositions first: a longer one is a shorter composite and one more mark.
    let byLength = decompositions.sorted { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
    for (value, form) in byLength
    where form.count > 1 && !Unicode.Scalar(value)!.properties.isFullCompositionExclusion {
      var first: UInt32? = form[0]
      for next in form[1..<form.count - 1] { first = first.flatMap { composite($0, next) } }
      if let first { composites[UInt64(first) << 32 | UInt64(form.last!)] = value }
    }
    markUnstable()
  }

  private mutating func markUnstable() {
    var values = Set(combiningClasses.keys)
    values.formUnion(composites.keys.map { UInt32(truncatingIfNeeded: $0) })
    values.formUnion(Hangul.v..<Hangul.v + Hangul.vCount)
    values.formUnion(Hangul.t + 1..<Hangul.t + Hangul.tCount)
    let seconds = values
    for (value, form) in decompositions {
      let excluded = Unicode.Scalar(value)!.properties.isFullCompositionExclusion
      if excluded || seconds.contains(form[0]) { values.insert(value) }
    }
    for value in values { unstable[Int(value / 64)] |= 1 << (value % 64) }
  }

  /// Form C of `text`; `nil` if it is `text` itself.
  func composed(_ text: Bytes) -> [UInt8]? {
    var output: [UInt8] = []
    var (done, starter, index) = (0, 0, 0)
    while index < text.count {
      if text[index] < Self.firstUnstableLead {
        starter = index
        index += text[index] < 0x80 ? 1 : 2
        continue
      }
      let (value, length) = text.scalar(at: index)
      guard isUnstable(value) else {
        starter = index
        index += length
        continue
      }
      var end = index + length
      while end < text.count {
        let (value, length) = text.scalar(at: end)
        guard isUnstable(value) else { break }
        end += length
      }
      output.append(contentsOf: text.slice(done, starter))
      for value in compose(decompose(text.slice(starter, end))) { output.append(scalar: value) }
      (done, starter, index) = (end, end, end)
    }
    guard done > 0 else { return nil }
    output.append(contentsOf: text.slice(done, text.count))
    return output
  }

  /// Form D of `text`.
  func decomposed(_ text: Bytes) -> [UInt8] {
    var output: [UInt8] = []
    for value in decompose(text) { output.append(scalar: value) }
    return output
  }

  private func isUnstable(_ value: UInt32) -> Bool {
    value < 0x30000 && unstable[Int(value / 64)] & 1 << (value % 64) != 0
  }

  /// The code points of form D, with marks in canonical order.
  private func decompose(_ text: Bytes) -> [UInt32] {
    var values: [UInt32] = []
    var classes: [UInt8] = []
    func append(_ value: UInt32) {
      let combining = combiningClass(value)
      var place = values.count
      if combining != 0 { while place > 0, classes[place - 1] > combining { place -= 1 } }
      values.insert(value, at: place)
      classes.insert(combining, at: place)
    }
    var index = 0
    while index < text.count {
      let (value, length) = text.scalar(at: index)
      index += length
      if let form = decompositions[value] {
        form.forEach(append)
      } else if Hangul.syllables.contains(value) {
        let offset = value - Hangul.s
        append(Hangul.l + offset / (Hangul.vCount * Hangul.tCount))
        append(Hangul.v + offset / Hangul.tCount % Hangul.vCount)
        if offset % Hangul.tCount > 0 { append(Hangul.t + offset % Hangul.tCount) }
      } else {
        append(value)
      }
    }
    return values
  }

  /// The canonical composition algorithm (Unicode Standard, section 3.11, D117).
  private func compose(_ values: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    var starter: Int?
    var lastClass: UInt8 = 0
    for value in values {
      let combining = combiningClass(value)
      // Blocked if something of the same or a higher class, or another starter, lies between.
      let adjoins = starter == result.count - 1
      if let place = starter, adjoins || lastClass < combining,
        let composite = composite(result[place], value)
      {
        result[place] = composite
        continue
      }
      result.append(value)
      lastClass = combining
      if combining == 0 { starter = result.count - 1 }
    }
    return result
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let (l, v, t) = (first &- Hangul.l, second &- Hangul.v, second &- Hangul.t)
    if l < 19, v < Hangul.vCount { return Hangul.s + (l * Hangul.vCount + v) * Hangul.tCount }
    if Hangul.syllables.contains(first), (first - Hangul.s) % Hangul.tCount == 0, t > 0,
      t < Hangul.tCount
    {
      return first + t
    }
    return composites[UInt64(first) << 32 | UInt64(second)]
  }

  private func combiningClass(_ value: UInt32) -> UInt8 {
    value < Self.firstUnstable ? 0 : combiningClasses[value] ?? 0
  }
}
