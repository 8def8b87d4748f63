// Sixteen numbers of a packed weight, widened exactly.
#pragma once
#include "temper_kernels.h"
#include "vector.h"

typedef uint16_t tk_halves __attribute__((vector_size(32)));

TK_INLINE tk_vf tk_load_weight(const void *panels, tk_dtype dtype, int64_t index) {
  if (dtype == TK_FLOAT32) return tk_load((const float *)panels + index);
  tk_halves halves;
  memcpy(&halves, (const uint16_t *)panels + index, sizeof halves);
  tk_vi bits = __builtin_convertvector(halves, tk_vi) << 16;
  tk_vf v;
  memcpy(&v, &bits, sizeof v);
  return v;
}
