// The register tile of the small products in attention: up to 6 rows by 16 or 32 lanes.
#pragma once
#include "math.kernel.h"

// Two vectors of 16 lanes side by side where there are 32 registers of that size.
#if defined(TK_AVX512_BLOCKS)
enum { TILE_ROWS = 6, TILE_COLUMNS = 2 };
#else
enum { TILE_ROWS = 6, TILE_COLUMNS = 1 };
#endif

typedef struct tile {
  tk_vf sum[TILE_ROWS][TILE_COLUMNS];
} tile;

// sum[m][n] += a[m * row_step + k * k_step] * b[n][k * b_step ... + 15], k in order. `rows` and
// `columns` are constants wherever this is inlined, so that the tile stays in registers.
TK_INLINE void tile_add(tile *t, int rows, int columns, const float *a, int64_t row_step,
                        int64_t k_step, const float *const *b, int64_t b_step, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    tk_vf lanes[TILE_COLUMNS];
#pragma clang loop unroll(full)
    for (int n = 0; n < columns; n++) lanes[n] = tk_load(b[n] + k * b_step);
#pragma clang loop unroll(full)
    for (int m = 0; m < rows; m++) {
      tk_vf x = tk_splat(a[m * row_step + k * k_step]);
#pragma clang loop unroll(full)
      for (int n = 0; n < columns; n++) t->sum[m][n] = tk_fma(x, lanes[n], t->sum[m][n]);
    }
  }
}

TK_INLINE void tile_zero(tile *t, int rows, int columns) {
  for (int m = 0; m < rows; m++)
    for (int n = 0; n < columns; n++) t->sum[m][n] = tk_splat(0);
}
// Row m's vectors lie side by side at c + m * step.
TK_INLINE void tile_load(tile *t, int rows, int columns, const float *c, int64_t step) {
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int n = 0; n < columns; n++) t->sum[m][n] = tk_load(c + m * step + n * TK_LANES);
}
TK_INLINE void tile_store(const tile *t, int rows, int columns, float *c, int64_t step) {
#pragma clang loop unroll(full)
  for (int m = 0; m < rows; m++)
#pragma clang loop unroll(full)
    for (int n = 0; n < columns; n++) tk_store(c + m * step + n * TK_LANES, t->sum[m][n]);
}

// Calls BODY(rows, columns) with the two counts as constants.
#define TILE_CASES(rows, columns, BODY)    \
  switch ((rows) * 2 + (columns) - 1) {    \
    case 2: BODY(1, 1); break;             \
    case 3: BODY(1, TILE_COLUMNS); break;  \
    case 4: BODY(2, 1); break;             \
    case 5: BODY(2, TILE_COLUMNS); break;  \
    case 6: BODY(3, 1); break;             \
    case 7: BODY(3, TILE_COLUMNS); break;  \
    case 8: BODY(4, 1); break;             \
    case 9: BODY(4, TILE_COLUMNS); break;  \
    case 10: BODY(5, 1); break;            \
    case 11: BODY(5, TILE_COLUMNS); break; \
    case 12: BODY(6, 1); break;            \
    case 13: BODY(6, TILE_COLUMNS); break; \
  }
