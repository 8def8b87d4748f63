/// The commands and words that are known.
enum Vocabulary {
  /// LaTeX commands, without their backslash, that are one token.
  static let commands: [String: Token.Kind] = {
    var table: [String: Token.Kind] = [
      "times": .times, "cdot": .times, "ast": .times, "star": .times, "bullet": .times,
      "div": .slash, "pm": .plusMinus, "mp": .minusPlus, "over": .over, "choose": .choose,
      "lt": .relation(.less), "gt": .relation(.greater),
      "le": .relation(.lessOrEqual), "leq": .relation(.lessOrEqual),
      "leqslant": .relation(.lessOrEqual), "leqq": .relation(.lessOrEqual),
      "ge": .relation(.greaterOrEqual), "geq": .relation(.greaterOrEqual),
      "geqslant": .relation(.greaterOrEqual), "geqq": .relation(.greaterOrEqual),
      "ne": .relation(.notEqual), "neq": .relation(.notEqual),
      "approx": .relation(.approximately), "simeq": .relation(.approximately),
      "thickapprox": .relation(.approximately), "doteq": .relation(.approximately),
      "equiv": .relation(.congruent), "in": .relation(.element),
      "propto": .relation(.proportional), "sim": .relation(.proportional),
      "colon": .colon,
      "Rightarrow": .arrow, "implies": .arrow, "to": .arrow, "rightarrow": .arrow,
      "therefore": .arrow, "longrightarrow": .arrow, "Longrightarrow": .arrow, "iff": .arrow,
      "Leftrightarrow": .arrow, "mapsto": .arrow,
      "cup": .union, "bigcup": .union, "cap": .intersection, "setminus": .without,
      "smallsetminus": .without, "backslash": .without,
      "land": .and, "wedge": .and, "lor": .or, "vee": .or,
      "{": .open(.set), "}": .close(.set), "lbrace": .open(.set), "rbrace": .close(.set),
      "langle": .open(.angle), "rangle": .close(.angle),
      "lfloor": .open(.floor), "rfloor": .close(.floor),
      "lceil": .open(.ceiling), "rceil": .close(.ceiling),
      "lparen": .open(.round), "rparen": .close(.round),
      "lbrack": .open(.square), "rbrack": .close(.square),
      "lvert": .bar, "rvert": .bar, "mid": .bar, "vert": .bar, "|": .bar,
      "lVert": .bar, "rVert": .bar, "Vert": .bar,
      "frac": .fraction, "dfrac": .fraction, "tfrac": .fraction, "cfrac": .fraction,
      "nicefrac": .fraction, "sfrac": .fraction,
      "sqrt": .squareRoot, "binom": .binomial, "dbinom": .binomial, "tbinom": .binomial,
      "infty": .infinity, "infinity": .infinity,
      "emptyset": .emptySet, "varnothing": .emptySet,
      "pi": .constant(.pi), "imath": .constant(.i),
      "ldots": .ellipsis, "dots": .ellipsis, "cdots": .ellipsis, "dotsc": .ellipsis,
      "dotsb": .ellipsis, "vdots": .ellipsis, "ddots": .ellipsis, "dotso": .ellipsis,
      "%": .percent, "percent": .percent,
      "$": .currency("dollar"), "pounds": .currency("pound"), "euro": .currency("euro"),
      "pmod": .modulus, "bmod": .modulus, "mod": .modulus, "pod": .modulus,
      "sum": .series(.sum), "prod": .series(.product), "int": .series(.integral),
      "circ": .degree, "degree": .degree, "prime": .prime,
      "top": .transposed, "intercal": .transposed,
      "phantom": .phantom, "hphantom": .phantom, "vphantom": .phantom, "hspace": .phantom,
      "vspace": .phantom, "color": .phantom, "label": .phantom, "tag": .phantom,
      "textcolor": .phantom, "kern": .phantom,
    ]
    for name in [
      "hat", "vec", "dot", "ddot", "tilde", "widehat", "widetilde", "bar", "overrightarrow",
    ] {
      table[name] = .accent(name)
    }
    for name in greek { table[name] = .letter("\\" + name) }
    for (name, function) in functions { table[name] = .function(function) }
    for (name, letter) in ["Re": Function.real, "Im": .imaginary, "operatorname": .real]
    where name != "operatorname" { table[name] = .function(letter) }
    return table
  }()

  private static let greek = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta",
    "vartheta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "rho", "varrho", "sigma",
    "varsigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "hbar",
    "partial", "nabla", "odot", "aleph", "wp", "angle", "triangle", "dagger", "perp", "parallel",
  ]

  /// Names of functions, as commands and as plain words.
  static let functions: [String: Function] = [
    "sin": .sin, "cos": .cos, "tan": .tan, "cot": .cot, "sec": .sec, "csc": .csc, "tg": .tan,
    "arcsin": .arcsin, "arccos": .arccos, "arctan": .arctan, "arccot": .arccot, "asin": .arcsin,
    "acos": .arccos, "atan": .arctan, "arctg": .arctan, "arcsec": .arcsec, "arccsc": .arccsc,
    "sinh": .sinh, "cosh": .cosh, "tanh": .tanh, "arcsinh": .arcsinh, "arccosh": .arccosh,
    "arctanh": .arctanh, "exp": .exp, "ln": .ln, "log": .log, "lg": .log, "gcd": .gcd,
    "lcm": .lcm, "max": .max, "min": .min, "det": .determinant, "arg": .argument, "abs": .absolute,
    "floor": .floor, "ceil": .ceiling, "sgn": .sign, "sign": .sign,
  ]

  /// Commands whose braces, where there are any, are mere grouping.
  static let transparent: Set<String> = [
    "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits", "left",
    "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl",
    "biggr", "Biggl", "Biggr", "bigm", "Bigm", "underline", "overline", "mathit", "boxed", "fbox",
    "bf", "rm", "it", "em", "sf", "tt", "cal", "boldmath", "underbrace", "overbrace", "cancel",
    "bcancel", "large", "Large", "small", "normalsize", "huge", "Huge", "null", "relax",
    "mathstrut", "strut", "displaylimits", "mathbf", "boldsymbol", "bm", "mathcal", "mathfrak",
    "mathscr", "mathsf", "mathtt", "pmb", "mathop", "mathrel", "ensuremath", "textsuperscript",
    "quad", "qquad", "enspace", "enskip", "thinspace", "hfill", "hline", "notag", "nonumber",
    "because", "checkmark", "blacksquare", "square", "Box", "noindent", "newline", "par",
    "allowbreak",
    "nobreak", "protect", "thickspace", "medspace", "negthinspace", "hskip", "smash",
    "mathsurround",
  ]

  /// Commands whose argument is words.
  static let text: Set<String> = [
    "text", "textbf", "textit", "textrm", "textnormal", "textsf", "texttt", "textup", "textsc",
    "mathrm", "mbox", "hbox", "operatorname", "emph", "textmd", "textsl", "mathnormal",
  ]

  static let numbers: [String: Int] = [
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
  ]

  /// Runs of plain letters, lower-cased, that are one token outside of `\text` too.
  static let words: [String: Token.Kind] = [
    "and": .and, "or": .or, "infinity": .infinity, "inf": .infinity, "infty": .infinity,
    "pi": .constant(.pi), "sqrt": .squareRoot, "percent": .percent, "percentage": .percent,
    "pct": .percent, "in": .relation(.element), "alpha": .letter("\\alpha"),
    "beta": .letter("\\beta"), "theta": .letter("\\theta"), "lambda": .letter("\\lambda"),
    "union": .union, "mod": .modulus, "to": .colon,
  ]

  static let currencies: [String: String] = [
    "usd": "dollar", "dollar": "dollar", "dollars": "dollar", "cent": "cent", "cents": "cent",
    "rupee": "rupee", "rupees": "rupee", "yuan": "yuan", "euro": "euro", "euros": "euro",
    "eur": "euro", "gbp": "pound sterling", "inr": "rupee", "cny": "yuan", "rmb": "yuan",
    "rs": "rupee", "yen": "yen", "jpy": "yen", "bucks": "dollar",
  ]
}
