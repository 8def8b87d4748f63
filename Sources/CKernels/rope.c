// Rotary position embedding, pairs half a head apart. Su et al. 2021, "RoFormer: Enhanced
// Transformer with Rotary Position Embedding" (arXiv:2104.09864).
#pragma clang fp contract(off)

#include "dispatch.h"

// sin and cos of x, |x| below 2^20 pi/2, to less than 1 unit in the last place (fdlibm): x minus
// the nearest multiple of pi/2 as head + tail, then a polynomial, and the quadrant.
static void sine_cosine(double x, double *sine, double *cosine) {
  const double magic = 0x1.8p52;
  double n = (x * 6.36619772367581382433e-01 + magic) - magic;
  double t = x - n * 1.57079632673412561417e+00;  // the first 33 bits of pi/2: exact
  double w = n * 6.07710050630396597660e-11;      // the next 33
  double r = t - w;
  w = n * 2.02226624879595063154e-21 - ((t - r) - w);
  double head = r - w, tail = (r - head) - w;

  double z = head * head, v = z * head;
  double p = 8.33333333332248946124e-03 +
             z * (-1.98412698298579493134e-04 +
                  z * (2.75573137070700676789e-06 +
                       z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
  double s = head - ((z * (0.5 * tail - v * p) - tail) - v * -1.66666666666666324348e-01);

  double q = z * (4.16666666666666019037e-02 +
                  z * (-1.38888888888741095749e-03 +
                       z * (2.48015872894767294178e-05 +
                            z * (-2.75573143513906633035e-07 +
                                 z * (2.08757232129817482790e-09 +
                                      z * -1.13596475577881948265e-11)))));
  double half = 0.5 * z, one = 1 - half;
  double c = one + (((1 - one) - half) + (z * q - head * tail));

  switch ((int64_t)n & 3) {
    case 0: *sine = s, *cosine = c; return;
    case 1: *sine = c, *cosine = -s; return;
    case 2: *sine = -s, *cosine = -c; return;
    default: *sine = -c, *cosine = s; return;
  }
}

typedef struct table {
  float *cosine, *sine;
  const double *frequencies;
  double multiplier;
  int64_t half;
} table;

static void table_task(void *context, int64_t position) {
  const table *t = context;
  for (int64_t m = 0; m < t->half; m++) {
    double s, c;
    sine_cosine((double)position * t->frequencies[m], &s, &c);
    t->cosine[position * t->half + m] = (float)(t->multiplier * c);
    t->sine[position * t->half + m] = (float)(t->multiplier * s);
  }
}

void tk_rope_table(float *cosine, float *sine, const double *frequencies, double multiplier,
                   int64_t count, int64_t half) {
  table t = {cosine, sine, frequencies, multiplier, half};
  tk_parallel(count, table_task, &t);
}

typedef struct work {
  float *x;
  int64_t ldx;
  const float *cosine, *sine;
  const int32_t *positions;
  int64_t rows, heads, width, block;
  float direction;
} work;

static void task(void *context, int64_t index) {
  const work *w = context;
  int64_t r = index * w->block;
  tk_kernels()->rope_block(w->x + r * w->ldx, w->ldx, w->cosine, w->sine, w->positions + r,
                           w->rows - r < w->block ? w->rows - r : w->block, w->heads, w->width,
                           w->direction);
}

static void rotate(work w) {
  w.block = (1 << 14) / (w.heads * w.width);
  if (w.block == 0) w.block = 1;
  tk_parallel((w.rows + w.block - 1) / w.block, task, &w);
}

void tk_rope_forward(float *x, int64_t ldx, const float *cosine, const float *sine,
                     const int32_t *positions, int64_t rows, int64_t heads, int64_t width) {
  rotate((work){x, ldx, cosine, sine, positions, rows, heads, width, .direction = 1});
}

void tk_rope_backward(float *dx, int64_t lddx, const float *cosine, const float *sine,
                      const int32_t *positions, int64_t rows, int64_t heads, int64_t width) {
  rotate((work){dx, lddx, cosine, sine, positions, rows, heads, width, .direction = -1});
}
