/// Writes the signs of mathematics outside of ASCII as LaTeX. Not a compatibility normalisation:
/// a superscript stays an exponent.
enum UnicodeFolding {
  static func folded(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 16)
    var isRaised = false
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let raised = superscripts[scalar.value]
      if isRaised != (raised != nil) {
        result += isRaised ? "}".utf8 : "^{".utf8
        isRaised.toggle()
      }
      if let raised {
        result.append(raised)
      } else if scalar.isASCII {
        result.append(UInt8(scalar.value))
      } else if let text = table[scalar.value] {
        result += text.utf8
      } else if let byte = letter(scalar.value) {
        result.append(byte)
      } else {
        result += Array(String(scalar).utf8)
      }
    }
    if isRaised { result += "}".utf8 }
    return result
  }

  /// Full-width forms and the mathematical alphabets.
  private static func letter(_ scalar: UInt32) -> UInt8? {
    switch scalar {
    case 0xFF01...0xFF5E: UInt8(scalar - 0xFEE0)
    case 0x1D400...0x1D6A3:
      (scalar - 0x1D400) % 52 < 26
        ? UInt8(0x41 + (scalar - 0x1D400) % 52) : UInt8(0x61 + (scalar - 0x1D400) % 52 - 26)
    case 0x1D7CE...0x1D7FF: UInt8(0x30 + (scalar - 0x1D7CE) % 10)
    default: nil
    }
  }

  private static let superscripts: [UInt32: UInt8] = {
    var table: [UInt32: UInt8] = [
      0xB2: 0x32, 0xB3: 0x33, 0xB9: 0x31, 0x207A: 0x2B, 0x207B: 0x2D, 0x207D: 0x28, 0x207E: 0x29,
      0x207F: 0x6E, 0x2071: 0x69, 0x02E3: 0x78,
    ]
    for digit in [0, 4, 5, 6, 7, 8, 9] { table[0x2070 + UInt32(digit)] = 0x30 + UInt8(digit) }
    return table
  }()

  private static let table: [UInt32: String] = {
    var table: [UInt32: String] = [:]
    let signs: [(String, String)] = [
      ("\u{2212}\u{2013}\u{2014}\u{FE63}\u{2010}\u{2011}", "-"), ("×", "\\times "),
      ("·⋅•∙", "\\cdot "),
      ("÷", "/"), ("∕⁄", "/"), ("√", "\\sqrt "), ("∛", "\\sqrt[3]"), ("∜", "\\sqrt[4]"),
      ("∞", "\\infty "), ("≤⩽", "\\le "), ("≥⩾", "\\ge "), ("≠", "\\ne "), ("±", "\\pm "),
      ("∓", "\\mp "), ("∪", "\\cup "), ("∩", "\\cap "), ("∈", "\\in "), ("∅⌀", "\\emptyset "),
      ("≈≃≅", "\\approx "), ("≡", "\\equiv "), ("°º˚", "^\\circ "), ("→⟶", "\\to "),
      ("⇒⟹", "\\Rightarrow "), ("∴", "\\therefore "), ("∧", "\\land "), ("∨", "\\lor "),
      ("∖", "\\setminus "), ("ℝ", "\\mathbb{R}"), ("ℤ", "\\mathbb{Z}"), ("ℕ", "\\mathbb{N}"),
      ("ℚ", "\\mathbb{Q}"), ("ℂ", "\\mathbb{C}"), ("⌊", "\\lfloor "), ("⌋", "\\rfloor "),
      ("⌈", "\\lceil "), ("⌉", "\\rceil "), ("⟨〈", "\\langle "), ("⟩〉", "\\rangle "),
      ("∑", "\\sum "), ("∏", "\\prod "), ("∫", "\\int "), ("…⋯", "\\ldots "), ("′’ʹ", "'"),
      ("“”", ""), ("‘", ""), ("‰", ""), ("∠", "\\angle "), ("△", "\\triangle "), ("%", "%"),
      (
        "\u{A0}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200A}\u{202F}\u{205F}\u{3000}\u{2028}\u{2029}",
        " "
      ),
      (
        "\u{200B}\u{200C}\u{200D}\u{FEFF}\u{2060}\u{AD}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}",
        ""
      ),
      ("€", "\\euro "), ("£", "\\pounds "), ("¥", "\\text{yen}"), ("₹", "\\text{rupee}"),
      ("¢", "\\text{cent}"), ("，、", ","), ("：", ":"), ("。", "."), ("ℓ", "\\ell "),
      ("ℏ", "\\hbar "), ("∂", "\\partial "), ("∗", "*"), ("√", "\\sqrt "), ("ϕ", "\\phi "),
      ("ϵ", "\\epsilon "), ("µ", "\\mu "), ("∣", "|"), ("−", "-"),
    ]
    for (scalars, text) in signs {
      for scalar in scalars.unicodeScalars { table[scalar.value] = text }
    }
    let vulgar: [(String, Int, Int)] = [
      ("½", 1, 2), ("⅓", 1, 3), ("⅔", 2, 3), ("¼", 1, 4), ("¾", 3, 4), ("⅕", 1, 5), ("⅖", 2, 5),
      ("⅗", 3, 5), ("⅘", 4, 5), ("⅙", 1, 6), ("⅚", 5, 6), ("⅛", 1, 8), ("⅜", 3, 8), ("⅝", 5, 8),
      ("⅞", 7, 8), ("⅐", 1, 7), ("⅑", 1, 9), ("⅒", 1, 10),
    ]
    for (sign, top, bottom) in vulgar {
      table[sign.unicodeScalars.first!.value] = "\\frac{\(top)}{\(bottom)}"
    }
    for digit in 0...9 { table[0x2080 + UInt32(digit)] = "_\(digit)" }
    for (letter, name) in zip("αβγδεζηθικλμνξοπρςστυφχψω".unicodeScalars, lowerGreek) {
      table[letter.value] = "\\\(name) "
    }
    for (letter, name) in zip("ΓΔΘΛΞΠΣΥΦΨΩ".unicodeScalars, upperGreek) {
      table[letter.value] = "\\\(name) "
    }
    return table
  }()

  private static let lowerGreek = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon",
    "phi", "chi", "psi", "omega",
  ]
  private static let upperGreek = [
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
  ]
}
