// The product with an int8 copy as one would write it down: see temper_product_reference.h.
#pragma clang fp contract(off)
#include <math.h>

#include "temper_product_reference.h"
#include "weight.h"

// The whole numbers of a block of a row, and their scale.
static float quantize(int32_t *whole, const float *x, int64_t count) {
  float most = 0, poison = 0;
  for (int64_t i = 0; i < count; i++) {
    most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    poison += x[i] * 0;
  }
  int is_zero = most < 0x1p-100f;
  for (int64_t i = 0; i < TK_BLOCK; i++)
    whole[i] = i < count && !is_zero ? (int32_t)nearbyintf(x[i] * (TK_LEVELS / most)) : 0;
  return (is_zero ? 0 : most / TK_LEVELS) + poison;
}

void tk_reference_quantized_forward(float *y, int64_t ldy, const float *x, int64_t ldx,
                                    const tk_weight *w, const float *bias, int64_t rows,
                                    int64_t outputs) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t n = 0; n < outputs; n++) {
      float sum = 0;
      for (int64_t block = 0; block < tk_blocks(w->inputs); block++) {
        int64_t first = block * TK_BLOCK, left = w->inputs - first;
        int32_t whole[TK_BLOCK], products = 0;
        float scale = quantize(whole, x + r * ldx + first, left < TK_BLOCK ? left : TK_BLOCK);
        const uint8_t *bytes = tk_quantized_block(w, n, block) + n % TK_LANES * TK_QUAD;
        for (int64_t i = 0; i < TK_BLOCK; i++)
          products += whole[i] * (bytes[i / TK_QUAD * TK_QUAD * TK_LANES + i % TK_QUAD] - 128);
        scale *= tk_from_bfloat16(tk_quantized_scales(w, n, block)[n % TK_LANES]);
        sum = fmaf(scale, (float)products, sum);
      }
      y[r * ldy + n] = bias != NULL ? sum + bias[n] : sum;
    }
}
