/// The functions of math.kernel.h and the order of reductions, one number at a time.
enum Reference {
  static func exp(_ x: Float) -> Float {
    if x < -0x1.5a92d6p+6 { return 0 }
    if x > 0x1.62e42ep+6 { return .infinity }
    if x.isNaN { return x }
    let magic: Float = 0x1.8p23
    let shifted = magic.addingProduct(x, 0x1.715476p+0)
    let n = shifted - magic
    var r = x.addingProduct(n, -0x1.62e43p-1)
    r = r.addingProduct(n, 0x1.05c61p-29)
    let coefficients: [Float] = [
      1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
      5.0000001201e-1,
    ]
    let p = coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, r) }
    let y = r.addingProduct(p, r * r) + 1
    return (y + y) * Float(sign: .plus, exponent: Int(n) - 1, significand: 1)
  }

  static func tanh(_ x: Float) -> Float {
    let a = abs(x)
    guard a < 0.625 else {
      let far = 1 - 2 / (exp(a + a) + 1)
      return x < 0 ? -far : far
    }
    let z = x * x
    let coefficients: [Float] = [
      -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
    ]
    let p = coefficients.dropFirst().reduce(coefficients[0]) { $1.addingProduct($0, z) }
    return x.addingProduct(p * z, x)
  }

  /// Of a positive normal number.
  static func log(_ x: Double) -> Double {
    var k = Double(x.exponent)
    var m = x.significand
    if m >= 0x1.6a09e667f3bcdp0 { (k, m) = (k + 1, m / 2) }
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    let w = z * z
    let even =
      w
      * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    let odd =
      z
      * (6.666666666666735130e-01
        + w
        * (2.857142874366239149e-01
          + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
    let half = 0.5 * f * f
    return k * 6.93147180369123816490e-01
      - ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f)
  }

  /// `(sin x, cos x)` for `|x|` below 2^20 pi/2.
  static func sineCosine(_ x: Double) -> (sine: Double, cosine: Double) {
    let n = (x * 6.36619772367581382433e-01).rounded(.toNearestOrEven)
    let t = x - n * 1.57079632673412561417e+00
    var w = n * 6.07710050630396597660e-11
    let r = t - w
    w = n * 2.02226624879595063154e-21 - ((t - r) - w)
    let head = r - w
    let tail = (r - head) - w
    let z = head * head
    let v = z * head
    let p = horner(
      z,
      [
        1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
        -1.98412698298579493134e-04, 8.33333333332248946124e-03,
      ])
    let s = head - ((z * (0.5 * tail - v * p) - tail) - v * -1.66666666666666324348e-01)
    let q =
      z
      * horner(
        z,
        [
          -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
          2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02,
        ])
    let half = 0.5 * z
    let one = 1 - half
    let c = one + (((1 - one) - half) + (z * q - head * tail))
    switch Int(n) & 3 {
    case 0: return (s, c)
    case 1: return (c, -s)
    case 2: return (-s, -c)
    default: return (-c, s)
    }
  }

  private static func horner(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.dropFirst().reduce(coefficients[0]) { $1 + x * $0 }
  }

  /// 16 partial results in the one tree: i with i + 8, then 4, 2, 1.
  static func fold<Real: BinaryFloatingPoint>(_ lanes: [Real]) -> Real {
    var s = lanes
    for half in [8, 4, 2, 1] {
      for i in 0..<half { s[i] += s[i + half] }
    }
    return s[0]
  }

  /// The sum of products in 16 chains, element i in chain i mod 16.
  static func foldedProduct(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (index, (x, y)) in zip(a, b).enumerated() {
      lanes[index % 16] = lanes[index % 16].addingProduct(x, y)
    }
    return fold(lanes)
  }
}
