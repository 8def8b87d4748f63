// What is worth knowing of a tensor before its update: norms of weight and gradient, how the two
// lie to one another, and how many of the gradient's entries stand out of their own history (Huang
// et al. 2025, "SPAM: Spike-Aware Adam with Momentum Reset", arXiv:2501.06842).
#include "dispatch.h"

enum { BLOCK = 1 << 14, BLOCKS_AT_ONCE = 256 };

typedef struct work {
  const float *theta, *g, *v;
  float spike;
  int64_t count;
  tk_figures *blocks;
} work;

static void figures_task(void *context, int64_t index) {
  const work *w = context;
  int64_t i = index * BLOCK, count = w->count - i < BLOCK ? w->count - i : BLOCK;
  tk_kernels()->figures_block(&w->blocks[index], w->theta + i, w->g + i,
                              w->v == NULL ? NULL : w->v + i, w->spike, count);
}

static void add(tk_figures *sum, const tk_figures *block) {
  sum->weight_squares += block->weight_squares;
  sum->gradient_squares += block->gradient_squares;
  sum->gradient_sum += block->gradient_sum;
  sum->alignment += block->alignment;
  sum->spikes += block->spikes;
  if (block->gradient_max > sum->gradient_max) sum->gradient_max = block->gradient_max;
}

tk_figures tk_tensor_figures(const float *theta, const float *g, const float *v, float spike,
                             int64_t count) {
  tk_figures sum = {0}, blocks[BLOCKS_AT_ONCE];
  const int64_t stretch = (int64_t)BLOCKS_AT_ONCE * BLOCK;
  for (int64_t i = 0; i < count; i += stretch) {
    work w = {.theta = theta + i, .g = g + i, .v = v == NULL ? NULL : v + i, .spike = spike,
              .count = count - i < stretch ? count - i : stretch, .blocks = blocks};
    const int64_t tasks = (w.count + BLOCK - 1) / BLOCK;
    tk_parallel(tasks, figures_task, &w);
    for (int64_t b = 0; b < tasks; b++) add(&sum, &blocks[b]);
  }
  return sum;
}
