/// What the split patterns tell apart. Combining marks, symbols, controls and unassigned code
/// points are all `other`.
enum CharacterClass {
  static let other: UInt8 = 0
  /// `\p{L}`: Lu, Ll, Lt, Lm, Lo.
  static let letter: UInt8 = 1
  /// `\p{N}`: Nd, Nl, No.
  static let number: UInt8 = 2
  /// The White_Space property.
  static let space: UInt8 = 3

  /// The class of every code point below ``tabulated``, filled once per process and never freed.
  ///
  /// From U+40000 on there are only private-use and default-ignorable code points, all `other`.
  nonisolated(unsafe) static let table: UnsafePointer<UInt8> = {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: Int(tabulated))
    for value in 0..<tabulated {
      table[Int(value)] = Unicode.Scalar(value).map { of($0.properties) } ?? other
    }
    return UnsafePointer(table)
  }()

  static let tabulated: UInt32 = 0x40000

  private static func of(_ properties: Unicode.Scalar.Properties) -> UInt8 {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      letter
    case .decimalNumber, .letterNumber, .otherNumber: number
    default: properties.isWhitespace ? space : other
    }
  }
}

extension Unicode.Scalar {
  /// `\w` of Unicode Technical Standard 18: Alphabetic, M, Nd, Pc and Join_Control.
  var isWordCharacter: Bool {
    if properties.isAlphabetic || properties.isJoinControl { return true }
    return switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      true
    default: false
    }
  }
}
