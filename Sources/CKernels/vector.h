// Sixteen floats as one value. The same source becomes one 512-bit, two 256-bit or four 128-bit
// registers, so that the three instruction sets give the same bits by construction.
//
// Every file that includes this must see no contraction: a multiply-add is an fma where one is
// written, and nowhere else.
#pragma once
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"  // everything here is inlined: no ABI to change

#include <math.h>
#include <stdint.h>
#include <string.h>

#define TK_INLINE static inline __attribute__((always_inline, unused))

typedef float tk_vf __attribute__((vector_size(64)));
typedef int32_t tk_vi __attribute__((vector_size(64)));
typedef double tk_vd __attribute__((vector_size(128)));  // 16 doubles

TK_INLINE tk_vf tk_load(const float *p) {
  tk_vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
TK_INLINE void tk_store(float *p, tk_vf v) { memcpy(p, &v, sizeof v); }
TK_INLINE tk_vf tk_splat(float x) {
  return (tk_vf){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
TK_INLINE tk_vf tk_fma(tk_vf a, tk_vf b, tk_vf c) { return __builtin_elementwise_fma(a, b, c); }

// The first `count` (below 16) floats, `fill` behind them.
TK_INLINE tk_vf tk_load_part(const float *p, int64_t count, float fill) {
  tk_vf v = tk_splat(fill);
  memcpy(&v, p, (size_t)count * sizeof(float));
  return v;
}
TK_INLINE void tk_store_part(float *p, tk_vf v, int64_t count) {
  memcpy(p, &v, (size_t)count * sizeof(float));
}

// The one tree in which 16 partial results are folded: i with i + 8, then 4, 2, 1.
TK_INLINE float tk_fold_sum(tk_vf v) {
  float s[16];
  memcpy(s, &v, sizeof s);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; i++) s[i] = s[i] + s[i + half];
  return s[0];
}
TK_INLINE float tk_fold_max(tk_vf v) {
  float s[16];
  memcpy(s, &v, sizeof s);
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; i++) s[i] = s[i] > s[i + half] ? s[i] : s[i + half];
  return s[0];
}
