// What the machine can do at most: multiply-adds and bytes read, on the whole pool.
#include "dispatch.h"

typedef struct ceiling {
  const float *x;
  int64_t tasks, each;
} ceiling;

static void multiply(void *context, int64_t index) {
  (void)index;
  _Alignas(64) float sink[2 * TK_LANES] = {0};
  tk_kernels()->ceiling_multiply(sink, ((const ceiling *)context)->each);
}

static void read_part(void *context, int64_t index) {
  const ceiling *t = context;
  _Alignas(64) float sink[TK_LANES];
  tk_kernels()->ceiling_read(sink, t->x + index * t->each, t->each);
}

void tk_ceiling_multiply(int64_t tasks, int64_t steps) {
  ceiling t = {NULL, tasks, steps};
  tk_parallel(tasks, multiply, &t);
}

void tk_ceiling_read(const float *x, int64_t tasks, int64_t each) {
  ceiling t = {x, tasks, each};
  tk_parallel(tasks, read_part, &t);
}
