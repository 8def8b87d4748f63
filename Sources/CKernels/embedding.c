// Rows of the embedding matrix, read from the compute copy; their gradient.
#pragma clang fp contract(off)
#include "weight.h"
#include "temper_kernels.h"

typedef struct forward {
  float *y;
  const tk_weight *w;
  const int32_t *ids;
  float scale;
} forward;

static void forward_row(void *context, int64_t r) {
  const forward *t = context;
  float *y = t->y + r * t->w->inputs;
  for (int64_t k = 0; k < t->w->inputs; k++)
    y[k] = t->scale * tk_weight_element(t->w, t->ids[r], k);
}

void tk_embedding_forward(float *y, const tk_weight *w, const int32_t *ids, float scale,
                          int64_t rows) {
  forward t = {y, w, ids, scale};
  tk_parallel(rows, forward_row, &t);
}

// A task owns a block of channels over all rows, so that rows of one id add up in order.
enum { CHANNELS = 64 };

typedef struct backward {
  float *dw;
  const float *dy;
  const int32_t *ids;
  float scale;
  int64_t rows, width;
} backward;

static void backward_channels(void *context, int64_t index) {
  const backward *t = context;
  int64_t first = index * CHANNELS;
  int64_t end = first + CHANNELS < t->width ? first + CHANNELS : t->width;
  for (int64_t r = 0; r < t->rows; r++) {
    float *dw = t->dw + t->ids[r] * t->width;
    const float *dy = t->dy + r * t->width;
    for (int64_t k = first; k < end; k++) dw[k] += t->scale * dy[k];
  }
}

void tk_embedding_backward(float *dw, const float *dy, const int32_t *ids, float scale,
                           int64_t rows, int64_t width) {
  backward t = {dw, dy, ids, scale, rows, width};
  tk_parallel((width + CHANNELS - 1) / CHANNELS, backward_channels, &t);
}
