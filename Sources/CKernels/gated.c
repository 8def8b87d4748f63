// The gated linear unit between the products of a feed-forward layer. Shazeer 2020, "GLU Variants
// Improve Transformer" (arXiv:2002.05202).
#include "dispatch.h"

typedef struct work {
  float *out;
  const float *ds, *gate_up;
  tk_activation activation;
  int64_t rows, width, block;
} work;

static int64_t rows_at(const work *w, int64_t first) {
  return w->rows - first < w->block ? w->rows - first : w->block;
}
static void deal(work *w, void (*task)(void *, int64_t)) {
  w->block = (1 << 13) / w->width;
  if (w->block == 0) w->block = 1;
  tk_parallel((w->rows + w->block - 1) / w->block, task, w);
}

static void forward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t r = index * w->block;
  tk_kernels()->gated_forward_block(w->out + r * w->width, w->gate_up + r * 2 * w->width,
                                    w->activation, rows_at(w, r), w->width);
}

void tk_gated_forward(float *s, const float *gate_up, tk_activation activation, int64_t rows,
                      int64_t width) {
  work w = {.out = s, .gate_up = gate_up, .activation = activation, .rows = rows, .width = width};
  deal(&w, forward_task);
}

static void backward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t r = index * w->block;
  tk_kernels()->gated_backward_block(w->out + r * 2 * w->width, w->ds + r * w->width,
                                     w->gate_up + r * 2 * w->width, w->activation, rows_at(w, r),
                                     w->width);
}

void tk_gated_backward(float *dgate_up, const float *ds, const float *gate_up,
                       tk_activation activation, int64_t rows, int64_t width) {
  work w = {dgate_up, ds, gate_up, activation, rows, width, 0};
  deal(&w, backward_task);
}
