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
