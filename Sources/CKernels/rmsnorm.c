// The norms before (and for some families behind) attention and the gated layer, and those of
// queries and keys.
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"

typedef struct work {
  float *y;
  int64_t ldy;
  float *rinv_out;
  const float *x;
  int64_t ldx;
  const float *gain;
  float offset, eps;
  int64_t rows, heads, width, block;
  // backward
  float *dx, *partial;  // partial [blocks, width]: each block's share of dgain
  int64_t lddx, lddy;
  const float *dy, *rinv;
  int accumulate;
} work;

// Rows in a block: about 64 KiB, whatever the number of rows.
static int64_t rows_in_block(int64_t heads, int64_t width) {
  int64_t rows = (1 << 14) / (heads * width);
  return rows > 0 ? rows : 1;
}
static int64_t rows_at(const work *w, int64_t first) {
  return w->rows - first < w->block ? w->rows - first : w->block;
}

static void forward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t r = index * w->block;
  tk_kernels()->rmsnorm_forward_block(
      w->y + r * w->ldy, w->ldy, w->rinv_out == NULL ? NULL : w->rinv_out + r * w->heads,
      w->x + r * w->ldx, w->ldx, w->gain, w->offset, w->eps, rows_at(w, r), w->heads, w->width);
}

void tk_rmsnorm_forward(float *y, int64_t ldy, float *rinv, const float *x, int64_t ldx,
                        const float *gain, float offset, float eps, int64_t rows, int64_t heads,
                        int64_t width) {
  work w = {.y = y, .ldy = ldy, .rinv_out = rinv, .x = x, .ldx = ldx, .gain = gain,
            .offset = offset, .eps = eps, .rows = rows, .heads = heads, .width = width,
            .block = rows_in_block(heads, width)};
  tk_parallel((rows + w.block - 1) / w.block, forward_task, &w);
}

static void backward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t r = index * w->block;
  tk_kernels()->rmsnorm_backward_block(
      w->dx + r * w->lddx, w->lddx, w->partial + index * w->width, w->dy + r * w->lddy, w->lddy,
      w->x + r * w->ldx, w->ldx, w->rinv + r * w->heads, w->gain, w->offset, rows_at(w, r),
      w->heads, w->width, w->accumulate);
}

void tk_rmsnorm_backward(float *dx, int64_t lddx, float *dgain, const float *dy, int64_t lddy,
                         const float *x, int64_t ldx, const float *rinv, const float *gain,
                         float offset, int64_t rows, int64_t heads, int64_t width,
                         int accumulate) {
  work w = {.dx = dx, .lddx = lddx, .dy = dy, .lddy = lddy, .x = x, .ldx = ldx, .rinv = rinv,
            .gain = gain, .offset = offset, .rows = rows, .heads = heads, .width = width,
            .accumulate = accumulate, .block = rows_in_block(heads, width)};
  int64_t blocks = (rows + w.block - 1) / w.block;
  if (blocks == 0) return;
  w.partial = calloc((size_t)(blocks * width), sizeof(float));
  if (w.partial == NULL) abort();
  tk_parallel(blocks, backward_task, &w);
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t c = 0; c < width; c++) dgain[c] += w.partial[b * width + c];
  free(w.partial);
}
