// bfloat16: the upper half of a float32. Widening is exact; narrowing rounds to nearest even.
#pragma once
#include <string.h>

#include "temper_kernels.h"

static inline float tk_from_bfloat16(uint16_t half) {
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint16_t tk_to_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40);  // stay NaN
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

// W[n, k] of the compute copy.
static inline float tk_weight_element(const tk_weight *w, int64_t n, int64_t k) {
  int64_t i = (n / TK_LANES * w->inputs + k) * TK_LANES + n % TK_LANES;
  return w->dtype == TK_BFLOAT16 ? tk_from_bfloat16(((const uint16_t *)w->panels)[i])
                                 : ((const float *)w->panels)[i];
}
