// Sampling: one task a row.
#include "sample.h"

#include "dispatch.h"
#include "scratch.h"

typedef struct work {
  int32_t *tokens;
  float *behaviour, *old, *entropy;
  double *lse;
  const float *logits;
  int64_t ldl;
  const double *uniform;
  const tk_sampling *sampling;
  int64_t allowed;
} work;

static void task(void *context, int64_t r) {
  const work *w = context;
  tk_kernels()->sample_row(w->tokens + r, w->behaviour + r, w->old + r, w->entropy + r, w->lse + r,
                           w->logits + r * w->ldl, w->uniform[r], w->sampling, w->allowed,
                           tk_scratch(TK_SAMPLE_SCRATCH(w->allowed)));
}

void tk_sample(int32_t *tokens, float *behaviour, float *old, float *entropy, double *lse,
               const float *logits, int64_t ldl, const double *uniform,
               const tk_sampling *sampling, int64_t rows, int64_t allowed) {
  work w = {tokens, behaviour, old, entropy, lse, logits, ldl, uniform, sampling, allowed};
  tk_parallel(rows, task, &w);
}
