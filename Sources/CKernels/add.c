// y = x + branch, the residual connection.
#include "dispatch.h"

enum { BLOCK = 1 << 13 };

typedef struct work {
  float *y;
  const float *x, *branch;
  int64_t count;
} work;

static void task(void *context, int64_t index) {
  const work *w = context;
  int64_t first = index * BLOCK;
  int64_t count = w->count - first < BLOCK ? w->count - first : BLOCK;
  tk_kernels()->add_block(w->y + first, w->x + first, w->branch + first, count);
}

void tk_add(float *y, const float *x, const float *branch, int64_t count) {
  work w = {y, x, branch, count};
  tk_parallel((count + BLOCK - 1) / BLOCK, task, &w);
}
