/// Units of measurement and counted things behind a number.
enum Units {
  /// Spellings and the unit that they mean.
  private static let names: [String: String] = {
    let spellings: [String: [String]] = [
      "mm": ["mm", "millimeter", "millimeters", "millimetre", "millimetres"],
      "cm": ["cm", "centimeter", "centimeters", "centimetre", "centimetres", "cms"],
      "m": ["m", "meter", "meters", "metre", "metres"],
      "km": ["km", "kilometer", "kilometers", "kilometre", "kilometres", "kms"],
      "in": ["in", "inch", "inches"], "ft": ["ft", "foot", "feet"], "yd": ["yd", "yard", "yards"],
      "mi": ["mi", "mile", "miles"], "mph": ["mph"], "kmh": ["kmh", "kph"],
      "kg": ["kg", "kilogram", "kilograms", "kgs"], "g": ["g", "gram", "grams", "gm"],
      "mg": ["mg", "milligram", "milligrams"], "lb": ["lb", "lbs", "pound", "pounds"],
      "oz": ["oz", "ounce", "ounces"], "s": ["s", "sec", "secs", "second", "seconds"],
      "min": ["min", "mins", "minute", "minutes"], "h": ["h", "hr", "hrs", "hour", "hours"],
      "day": ["day", "days"], "week": ["week", "weeks"], "month": ["month", "months"],
      "year": ["year", "years", "yr", "yrs"], "unit": ["unit", "units"],
      "square": ["square", "sq"], "cubic": ["cubic", "cu"], "per": ["per"],
      "l": ["l", "liter", "liters", "litre", "litres"],
      "ml": ["ml", "milliliter", "milliliters", "millilitre", "millilitres"],
      "gallon": ["gallon", "gallons", "gal"], "point": ["point", "points", "pt", "pts"],
      "person": ["person", "people", "persons"], "degree": ["degree", "degrees", "deg"],
      "child": ["child", "children"], "man": ["man", "men"], "woman": ["woman", "women"],
      "n": ["newton", "newtons"], "j": ["j", "joule", "joules"], "w": ["w", "watt", "watts"],
      "hz": ["hz", "hertz"], "k": ["k", "kelvin"], "ev": ["ev"], "pa": ["pa", "pascal", "pascals"],
      "mol": ["mol", "mole", "moles"], "radian": ["rad", "radian", "radians"],
      "v": ["volts", "volt"],
      "nm": ["nm"], "mw": ["mw"], "kw": ["kw"], "ms": ["ms"], "ns": ["ns"], "gb": ["gb"],
      "mb": ["mb"],
    ]
    var table: [String: String] = [:]
    for (unit, names) in spellings { for name in names { table[name] = unit } }
    return table
  }()

  private static let rates = ["mi per h": "mph", "km per h": "kmh"]

  /// Single letters that are units where a blank stands between them and the number.
  private static let letters: Set<String> = ["m", "g", "s", "h", "l", "L", "N", "J", "W", "V", "K"]

  /// True if a run of plain letters behind a number, with a blank between, is a unit.
  static func isKnown(_ word: String) -> Bool {
    if word.utf8.count == 1 { return letters.contains(word) }
    let lower = word.lowercased()
    return names[lower] != nil || isPlural(lower)
  }

  /// True if the word looks like counted things: an English plural.
  private static func isPlural(_ word: String) -> Bool {
    word.utf8.count >= 4 && word.hasSuffix("s") && !word.hasSuffix("ss")
      && word.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }
  }

  /// One spelling of a unit of several words: `square feet` and `sq. ft` are the same.
  static func normalized(_ words: [String]) -> String {
    let name = words.map { word in
      let lower = word.lowercased()
      if let unit = names[lower] { return unit }
      return isPlural(lower) ? String(lower.dropLast()) : lower
    }.joined(separator: " ")
    return rates[name] ?? name
  }
}
