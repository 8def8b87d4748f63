// Log-probability and entropy of sampled tokens, whole rows of log-probabilities, and the gradient
// of all three.
#include "dispatch.h"

typedef struct forward_work {
  float *logprob, *entropy;
  double *lse;
  const float *logits;
  int64_t ldl;
  const int32_t *tokens;
  float inverse_temperature;
  int64_t allowed;
} forward_work;

static void forward_task(void *context, int64_t r) {
  const forward_work *w = context;
  tk_kernels()->logprob_forward_row(
      w->logprob == NULL ? NULL : w->logprob + r, w->entropy == NULL ? NULL : w->entropy + r,
      w->lse == NULL ? NULL : w->lse + r, w->logits + r * w->ldl, w->tokens[r],
      w->inverse_temperature, w->allowed);
}

void tk_logprob_forward(float *logprob, float *entropy, double *lse, const float *logits,
                        int64_t ldl, const int32_t *tokens, float temperature, int64_t rows,
                        int64_t allowed) {
  forward_work w = {logprob, entropy, lse, logits, ldl, tokens, 1 / temperature, allowed};
  tk_parallel(rows, forward_task, &w);
}

typedef struct backward_work {
  float *dlogits;
  int64_t lddl;
  const float *logits;
  int64_t ldl;
  const int32_t *tokens;
  const float *dlogprob, *dentropy;
  const double *lse;
  const float *entropy;
  float inverse_temperature;
  int64_t allowed, columns;
} backward_work;

static void backward_task(void *context, int64_t r) {
  const backward_work *w = context;
  tk_kernels()->logprob_backward_row(w->dlogits + r * w->lddl, w->logits + r * w->ldl, w->tokens[r],
                                     w->dlogprob[r], w->dentropy[r], w->lse[r], w->entropy[r],
                                     w->inverse_temperature, w->allowed, w->columns);
}

void tk_logprob_backward(float *dlogits, int64_t lddl, const float *logits, int64_t ldl,
                         const int32_t *tokens, const float *dlogprob, const float *dentropy,
                         const double *lse, const float *entropy, float temperature, int64_t rows,
                         int64_t allowed, int64_t columns) {
  backward_work w = {dlogits, lddl, logits,  ldl,     tokens,          dlogprob, dentropy,
                     lse,     entropy, 1 / temperature, allowed, columns};
  tk_parallel(rows, backward_task, &w);
}

void tk_logprob_row(float *logprobs, const float *logits, double lse, float temperature,
                    int64_t allowed) {
  tk_kernels()->logprob_row_block(logprobs, logits, lse, 1 / temperature, allowed);
}

int tk_logprob_row_backward(float *dlogits, const float *drow, float temperature,
                            int64_t allowed) {
  int finite;
  tk_kernels()->add_scaled_block(dlogits, drow, 1 / temperature, allowed, &finite);
  return finite;
}
