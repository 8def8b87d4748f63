// The update of the weights, and the two looks at a gradient that come before it. Loshchilov and
// Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv:1711.05101), algorithm 2, with
// epsilon outside of the bias-corrected root as in PyTorch.
#include <stdatomic.h>

#include "dispatch.h"

enum { BLOCK = 1 << 14, BLOCKS_AT_ONCE = 256 };

typedef struct work {
  float *theta, *m, *v;
  const float *x;  // the gradient, or what is looked at
  const tk_adamw_step *step;
  int64_t count;
  double *sums;
  _Atomic int64_t first;
} work;

static int64_t count_at(const work *w, int64_t first) {
  return w->count - first < BLOCK ? w->count - first : BLOCK;
}
static int64_t blocks_of(int64_t count) { return (count + BLOCK - 1) / BLOCK; }

static void adamw_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK;
  tk_kernels()->adamw_block(w->theta + i, w->m + i, w->v + i, w->x + i, w->step, count_at(w, i));
}

void tk_adamw(float *theta, float *m, float *v, const float *g, const tk_adamw_step *step,
              int64_t count) {
  work w = {.theta = theta, .m = m, .v = v, .x = g, .step = step, .count = count};
  tk_parallel(blocks_of(count), adamw_task, &w);
}

static void squares_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK;
  tk_kernels()->sum_of_squares_block(&w->sums[index], w->x + i, count_at(w, i));
}

double tk_sum_of_squares(const float *x, int64_t count) {
  double total = 0, sums[BLOCKS_AT_ONCE];
  for (int64_t i = 0; i < count; i += (int64_t)BLOCKS_AT_ONCE * BLOCK) {
    int64_t left = count - i;
    if (left > (int64_t)BLOCKS_AT_ONCE * BLOCK) left = (int64_t)BLOCKS_AT_ONCE * BLOCK;
    work w = {.x = x + i, .count = left, .sums = sums};
    tk_parallel(blocks_of(left), squares_task, &w);
    for (int64_t b = 0; b < blocks_of(left); b++) total += sums[b];
  }
  return total;
}

static void nonfinite_task(void *context, int64_t index) {
  work *w = context;
  int64_t i = index * BLOCK, known = atomic_load_explicit(&w->first, memory_order_relaxed);
  if (known < i) return;
  int64_t found;
  tk_kernels()->first_nonfinite_block(&found, w->x + i, count_at(w, i));
  if (found < 0) return;
  while (i + found < known && !atomic_compare_exchange_weak(&w->first, &known, i + found)) {}
}

int64_t tk_first_nonfinite(const float *x, int64_t count) {
  work w = {.x = x, .count = count, .first = INT64_MAX};
  tk_parallel(blocks_of(count), nonfinite_task, &w);
  int64_t first = atomic_load(&w.first);
  return first == INT64_MAX ? -1 : first;
}
