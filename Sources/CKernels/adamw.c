// The update of the weights, and the two looks at a gradient that come before it. Loshchilov and
// Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv:1711.05101), algorithm 2, with
// epsilon outside of the bias-corrected root as in PyTorch.
#include <stdatomic.h>

#include "dispatch.h"

enum { BLOCK = 1 << 14, BLOCKS_AT_ONCE = 256 };

typedef struct work {
  float *theta, *m, *v;
  float *g;        // a gradient that gives way to the weights as they were
  const float *x;  // the gradient, or what is looked at
  const float *to;
  float share;
  const tk_adamw_step *step;
  int64_t count;
  double *sums;
  _Atomic int64_t first;
} work;

static int64_t count_at(const work *w, int64_t first) {
  return w->count - first < BLOCK ? w->count - first : BLOCK;
}
static int64_t blocks_of(int64_t count) { return (count + BLOCK - 1) / BLOCK; }
// What of `left` elements is summed in one go.
static int64_t stretch_of(int64_t left) {
  const int64_t most = (int64_t)BLOCKS_AT_ONCE * BLOCK;
  return left < most ? left : most;
}

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

static void adamw_keeping_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK;
  tk_kernels()->adamw_keeping_block(w->theta + i, w->m + i, w->v + i, w->g + i, w->step,
                                    &w->sums[index], count_at(w, i));
}

double tk_adamw_keeping(float *theta, float *m, float *v, float *g, const tk_adamw_step *step,
                        int64_t count) {
  double total = 0, sums[BLOCKS_AT_ONCE];
  for (int64_t i = 0; i < count; i += (int64_t)BLOCKS_AT_ONCE * BLOCK) {
    work w = {.theta = theta + i, .m = m + i, .v = v + i, .g = g + i, .step = step,
              .count = stretch_of(count - i), .sums = sums};
    tk_parallel(blocks_of(w.count), adamw_keeping_task, &w);
    for (int64_t b = 0; b < blocks_of(w.count); b++) total += sums[b];
  }
  return total;
}

static void between_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK;
  tk_kernels()->between_block(w->theta + i, w->x + i, w->to + i, w->share, count_at(w, i));
}

void tk_between(float *y, const float *from, const float *to, float share, int64_t count) {
  work w = {.theta = y, .x = from, .to = to, .share = share, .count = count};
  tk_parallel(blocks_of(count), between_task, &w);
}

static void squares_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK;
  tk_kernels()->sum_of_squares_block(&w->sums[index], w->x + i, count_at(w, i));
}

double tk_sum_of_squares(const float *x, int64_t count) {
  double total = 0, sums[BLOCKS_AT_ONCE];
  for (int64_t i = 0; i < count; i += (int64_t)BLOCKS_AT_ONCE * BLOCK) {
    work w = {.x = x + i, .count = stretch_of(count - i), .sums = sums};
    tk_parallel(blocks_of(w.count), squares_task, &w);
    for (int64_t b = 0; b < blocks_of(w.count); b++) total += sums[b];
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
