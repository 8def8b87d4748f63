// Matrix products with a packed weight: forward, and the gradients of input, weight and bias.
#include <cblas.h>
#include <stdlib.h>

#include "dispatch.h"

typedef struct forward {
  float *y;
  int64_t ldy;
  const float *x;
  int64_t ldx;
  const tk_weight *w;
  const float *bias;
  int64_t rows, outputs;
} forward;

static void forward_panel(void *context, int64_t p) {
  const forward *t = context;
  int64_t first = p * TK_LANES;
  int64_t lanes = t->outputs - first < TK_LANES ? t->outputs - first : TK_LANES;
  int64_t size = t->w->dtype == TK_BFLOAT16 ? 2 : 4;
  tk_kernels()->product_panel(t->y + first, t->ldy, t->x, t->ldx,
                              (const char *)t->w->panels + first * t->w->inputs * size,
                              t->w->dtype, t->w->inputs, t->bias ? t->bias + first : NULL, t->rows,
                              lanes);
}

void tk_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                        const float *bias, int64_t rows, int64_t outputs) {
  forward t = {y, ldy, x, ldx, w, bias, rows, outputs};
  tk_parallel((outputs + TK_LANES - 1) / TK_LANES, forward_panel, &t);
}

void tk_product_backward_input(float *dx, int64_t lddx, const float *dy, int64_t lddy,
                               const tk_weight *w, int64_t rows, int64_t outputs, int accumulate) {
  enum { TILE = 512 };
  float *rowsOfW = malloc(sizeof(float) * TILE * (size_t)w->inputs);
  openblas_set_num_threads(1);
  for (int64_t n = 0; n < outputs; n += TILE) {
    int64_t count = outputs - n < TILE ? outputs - n : TILE;
    tk_weight_unpack(w, n, count, rowsOfW);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)w->inputs, (int)count,
                1, dy + n, (int)lddy, rowsOfW, (int)w->inputs, accumulate || n > 0 ? 1 : 0, dx,
                (int)lddx);
  }
  free(rowsOfW);
}

void tk_product_backward_weight(float *dw, const float *dy, int64_t lddy, const float *x,
                                int64_t ldx, int64_t rows, int64_t outputs, int64_t inputs) {
  openblas_set_num_threads(1);
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)outputs, (int)inputs, (int)rows, 1, dy,
              (int)lddy, x, (int)ldx, 1, dw, (int)inputs);
}

void tk_product_backward_bias(float *db, const float *dy, int64_t lddy, int64_t rows,
                              int64_t outputs) {
  for (int64_t n = 0; n < outputs; n++) {
    float sum = 0;
    for (int64_t r = 0; r < rows; r++) sum += dy[r * lddy + n];
    db[n] += sum;
  }
}
