// The bound on final logits of the Gemma 2 family. Gemma Team 2024, "Gemma 2" (arXiv:2408.00118),
// section 2.
#include "dispatch.h"

enum { BLOCK = 1 << 13 };

typedef struct work {
  float *out;
  int64_t ldout;
  const float *z;
  int64_t ldz;
  float cap;
  int64_t columns, blocks;  // blocks in a row
} work;

static int64_t first_column(const work *w, int64_t index) { return index % w->blocks * BLOCK; }
static int64_t columns_at(const work *w, int64_t first) {
  return w->columns - first < BLOCK ? w->columns - first : BLOCK;
}

static void forward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t row = index / w->blocks, first = first_column(w, index);
  tk_kernels()->softcap_forward_block(w->out + row * w->ldout + first, w->cap,
                                      columns_at(w, first));
}

void tk_softcap_forward(float *z, int64_t ldz, float cap, int64_t rows, int64_t columns) {
  work w = {z, ldz, NULL, 0, cap, columns, (columns + BLOCK - 1) / BLOCK};
  tk_parallel(rows * w.blocks, forward_task, &w);
}

static void backward_task(void *context, int64_t index) {
  const work *w = context;
  int64_t row = index / w->blocks, first = first_column(w, index);
  tk_kernels()->softcap_backward_block(w->out + row * w->ldout + first,
                                       w->z + row * w->ldz + first, w->cap,
                                       columns_at(w, first));
}

void tk_softcap_backward(float *dz, int64_t lddz, const float *z, int64_t ldz, float cap,
                         int64_t rows, int64_t columns) {
  work w = {dz, lddz, z, ldz, cap, columns, (columns + BLOCK - 1) / BLOCK};
  tk_parallel(rows * w.blocks, backward_task, &w);
}
