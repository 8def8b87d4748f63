// The products and the embedding as one would write them down: see the header.
#pragma clang fp contract(off)
#include "temper_product_reference.h"

#include <math.h>

#include "weight.h"

void tk_reference_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx,
                                  const tk_weight *w, const float *bias, int64_t rows,
                                  int64_t outputs) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t n = 0; n < outputs; n++) {
      float sum = 0;
      for (int64_t k = 0; k < w->inputs; k++)
        sum = fmaf(x[r * ldx + k], tk_weight_element(w, n, k), sum);
      y[r * ldy + n] = bias != NULL ? sum + bias[n] : sum;
    }
}

void tk_reference_product_backward_input(float *dx, int64_t lddx, const float *dy, int64_t lddy,
                                         const tk_weight *w, int64_t rows, int64_t outputs,
                                         int accumulate) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < w->inputs; k++) {
      double sum = accumulate ? dx[r * lddx + k] : 0;
      for (int64_t n = 0; n < outputs; n++)
        sum += (double)dy[r * lddy + n] * tk_weight_element(w, n, k);
      dx[r * lddx + k] = (float)sum;
    }
}

void tk_reference_product_backward_weight(float *dw, const float *dy, int64_t lddy, const float *x,
                                          int64_t ldx, int64_t rows, int64_t outputs,
                                          int64_t inputs) {
  for (int64_t n = 0; n < outputs; n++)
    for (int64_t k = 0; k < inputs; k++) {
      double sum = dw[n * inputs + k];
      for (int64_t r = 0; r < rows; r++) sum += (double)dy[r * lddy + n] * x[r * ldx + k];
      dw[n * inputs + k] = (float)sum;
    }
}

void tk_reference_embedding_forward(float *y, const tk_weight *w, const int32_t *ids, float scale,
                                    int64_t rows) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < w->inputs; k++)
      y[r * w->inputs + k] = scale * tk_weight_element(w, ids[r], k);
}

void tk_reference_embedding_backward(float *dw, const float *dy, const int32_t *ids, float scale,
                                     int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < width; k++)
      dw[ids[r] * width + k] += scale * dy[r * width + k];
}
