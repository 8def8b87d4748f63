// The register tile of the small products in attention: up to 6 rows, the fewer the wider, so that
// there are always enough sums under way.
#pragma once
#include "math.kernel.h"

// TILE_COLUMNS vectors of 16 lanes side by side for any number of rows, TILE_MOST_COLUMNS for few.
// AVX-512 has 32 registers of that size, AVX2 the half of it in pairs.
enum { TILE_ROWS = 6, TILE_MOST_COLUMNS = 4 };
#if defined(TK_AVX512_BLOCKS)
enum { TILE_COLUMNS = 2, TILE_FEW_ROWS = 3 };
#else
enum { TILE_COLUMNS = 1, TILE_FEW_ROWS = 1 };
#endif

TK_INLINE int tile_most_columns(int rows) {
  return rows <= TILE_FEW_ROWS ? TILE_MOST_COLUMNS : TILE_COLUMNS;
}

typedef struct tile {
  tk_vf sum[TILE_ROWS][TILE_MOST_COLUMNS];
} tile;

// sum[m][n] += a[m * row_step + k * k_step] * b[n][k * b_step ... + 15], k in order. `rows` and
// `columns` are constants wherever this is inlined, so that the tile stays in registers.
TK_INLINE void tile_add(tile *t, int rows, int columns, const float *a, int64_t row_step,
                        int64_t k_step, const float *const *b, int64_t b_step, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    tk_vf lanes[TILE_MOST_COLUMNS];
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
#define TILE_CASE(R, C, BODY) \
  case R * TILE_MOST_COLUMNS + C: BODY(R, C); break;
#define TILE_WIDE_CASES(R, BODY) \
  TILE_CASE(R, 1, BODY) TILE_CASE(R, 2, BODY) TILE_CASE(R, 3, BODY) TILE_CASE(R, 4, BODY)
#if defined(TK_AVX512_BLOCKS)
#define TILE_CASES(rows, columns, BODY)                                                  \
  switch ((rows) * TILE_MOST_COLUMNS + (columns)) {                                      \
    TILE_WIDE_CASES(1, BODY) TILE_WIDE_CASES(2, BODY) TILE_WIDE_CASES(3, BODY)           \
    TILE_CASE(4, 1, BODY) TILE_CASE(4, 2, BODY) TILE_CASE(5, 1, BODY)                    \
    TILE_CASE(5, 2, BODY) TILE_CASE(6, 1, BODY) TILE_CASE(6, 2, BODY)                    \
  }
#else
#define TILE_CASES(rows, columns, BODY)                                                  \
  switch ((rows) * TILE_MOST_COLUMNS + (columns)) {                                      \
    TILE_WIDE_CASES(1, BODY) TILE_CASE(2, 1, BODY) TILE_CASE(3, 1, BODY)                 \
    TILE_CASE(4, 1, BODY) TILE_CASE(5, 1, BODY) TILE_CASE(6, 1, BODY)                    \
  }
#endif
