// Elementary functions of our own, so that they have the same bits on every machine and in every
// instruction set. Those of 16 floats are good to 2 units in the last place, the scalar ones of
// doubles to 1. The polynomials are those of Moshier's Cephes library (float) and of Sun's fdlibm
// (double).
#pragma once
#include "vector.h"

typedef uint32_t tk_vu __attribute__((vector_size(64)));

// a where the mask is set, b elsewhere.
TK_INLINE tk_vf tk_select(tk_vi mask, tk_vf a, tk_vf b) {
  return (tk_vf)((mask & (tk_vi)a) | (~mask & (tk_vi)b));
}
TK_INLINE tk_vf tk_max(tk_vf a, tk_vf b) { return tk_select(a > b, a, b); }
TK_INLINE int tk_any(tk_vi mask) { return __builtin_reduce_or(mask) != 0; }
TK_INLINE tk_vi tk_lane_numbers(void) {
  return (tk_vi){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
}
TK_INLINE tk_vf tk_root(tk_vf x) { return __builtin_elementwise_sqrt(x); }
TK_INLINE tk_vd tk_widen(tk_vf x) { return __builtin_convertvector(x, tk_vd); }
// Up to 16 floats; zeros behind them. For loops whose last step may be a part of a vector.
TK_INLINE tk_vf tk_load_lanes(const float *p, int64_t lanes) {
  return lanes == TK_LANES ? tk_load(p) : tk_load_part(p, lanes, 0);
}
TK_INLINE void tk_store_lanes(float *p, tk_vf v, int64_t lanes) {
  if (lanes == TK_LANES)
    tk_store(p, v);
  else
    tk_store_part(p, v, lanes);
}
TK_INLINE int64_t tk_lanes_at(int64_t index, int64_t count) {
  return count - index < TK_LANES ? count - index : TK_LANES;
}
// The tree of tk_fold_sum, for doubles.
TK_INLINE double tk_fold_sum_double(tk_vd v) {
  double s[16];
  memcpy(s, &v, sizeof s);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; i++) s[i] = s[i] + s[i + half];
  return s[0];
}

// exp(x) = 2^n exp(r), n the nearest integer to x / ln 2. Results below 2^-125 are 0.
TK_INLINE tk_vf tk_exp(tk_vf x) {
  const tk_vf magic = tk_splat(0x1.8p23f);  // adding it rounds to an integer, in the low bits
  tk_vf shifted = tk_fma(x, tk_splat(0x1.715476p+0f), magic);
  tk_vf n = shifted - magic;
  tk_vf r = tk_fma(n, tk_splat(-0x1.62e43p-1f), x);
  r = tk_fma(n, tk_splat(0x1.05c61p-29f), r);
  tk_vf p = tk_splat(1.9875691500e-4f);
  p = tk_fma(p, r, tk_splat(1.3981999507e-3f));
  p = tk_fma(p, r, tk_splat(8.3334519073e-3f));
  p = tk_fma(p, r, tk_splat(4.1665795894e-2f));
  p = tk_fma(p, r, tk_splat(1.6666665459e-1f));
  p = tk_fma(p, r, tk_splat(5.0000001201e-1f));
  p = tk_fma(p, r * r, r) + tk_splat(1);
  // 2^n as 2 times 2^(n - 1), which is a normal number for every n that is left.
  tk_vf scale = (tk_vf)(((tk_vu)shifted << 23) + (126u << 23));
  tk_vf y = (p + p) * scale;
  y = tk_select(x < tk_splat(-0x1.5a92d6p+6f), tk_splat(0), y);
  return tk_select(x > tk_splat(0x1.62e42ep+6f), tk_splat(INFINITY), y);
}

// A polynomial near 0, 1 - 2 / (exp(2|x|) + 1) further out.
TK_INLINE tk_vf tk_tanh(tk_vf x) {
  tk_vu sign = (tk_vu)x & 0x80000000u;
  tk_vf a = (tk_vf)((tk_vu)x ^ sign);
  tk_vf z = x * x;
  tk_vf p = tk_splat(-5.70498872745e-3f);
  p = tk_fma(p, z, tk_splat(2.06390887954e-2f));
  p = tk_fma(p, z, tk_splat(-5.37397155531e-2f));
  p = tk_fma(p, z, tk_splat(1.33314422036e-1f));
  p = tk_fma(p, z, tk_splat(-3.33332819422e-1f));
  tk_vf near = tk_fma(p * z, x, x);
  tk_vf far = tk_splat(1) - tk_splat(2) / (tk_exp(a + a) + tk_splat(1));
  far = (tk_vf)((tk_vu)far | sign);
  return tk_select(a < tk_splat(0.625f), near, far);
}

// ln x of a positive normal double; of infinity and NaN, itself; of anything else, -infinity.
TK_INLINE double tk_log(double x) {
  if (!(x < INFINITY)) return x;
  if (x < 0x1p-1022) return -INFINITY;
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  // x = 2^k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2)
  uint64_t shifted = bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  double k = (double)((int64_t)(shifted >> 52) - 1023);
  bits = (shifted & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu;
  memcpy(&x, &bits, sizeof x);
  double f = x - 1, s = f / (2 + f), z = s * s, w = z * z;
  double even = w * (3.999999999940941908e-01 +
                     w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  double odd = z * (6.666666666666735130e-01 +
                    w * (2.857142874366239149e-01 +
                         w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  double half = 0.5 * f * f;
  return k * 6.93147180369123816490e-01 -
         ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f);
}
