// One number of the compute copy, whatever its form.
#pragma once
#include "bfloat16.h"
#include "quantized.h"

// W[n, k]
static inline float tk_weight_element(const tk_weight *w, int64_t n, int64_t k) {
  int64_t lane = n % TK_LANES, i = (n / TK_LANES * w->inputs + k) * TK_LANES + lane;
  switch (w->dtype) {
    case TK_FLOAT32: return ((const float *)w->panels)[i];
    case TK_BFLOAT16: return tk_from_bfloat16(((const uint16_t *)w->panels)[i]);
    case TK_INT8: {
      const uint8_t *quad = tk_quantized_block(w, n, k / TK_BLOCK) +
                            k % TK_BLOCK / TK_QUAD * TK_QUAD * TK_LANES + lane * TK_QUAD;
      float scale = tk_from_bfloat16(tk_quantized_scales(w, n, k / TK_BLOCK)[lane]);
      return scale * (float)(quad[k % TK_QUAD] - 128);
    }
  }
}
