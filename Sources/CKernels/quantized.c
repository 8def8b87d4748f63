// The product with an int8 copy: rows of activations become bytes, panels are dealt to the pool.
#pragma clang fp contract(off)
#include "quantized.h"

#include <stdatomic.h>

#include "dispatch.h"
#include "product.h"
#include "scratch.h"

enum {
  TILE_ROWS = 64,  // rows of a tile: their bytes stay in the nearer caches
  TASKS = 4        // tasks for each thread, so that the last ones end together
};

typedef struct quantized_product {
  float *y;
  int64_t ldy;
  const float *x;
  int64_t ldx;
  const tk_weight *w;
  const float *bias;
  int64_t rows, outputs;
  const tk_table *kernels;
  int64_t row_tiles, column_tiles;
  uint64_t number;  // of all products ever, so that a thread knows what it has packed
} quantized_product;

static int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// Rows first ... first + rows - 1 as the tile reads them, packed by the thread that reads them.
static int32_t *packed_rows(const quantized_product *t, int64_t first, int64_t rows) {
  static _Thread_local uint64_t held_number;
  static _Thread_local int64_t held_first;
  int64_t words = tk_blocks(t->w->inputs) * TK_QUANTIZED_ROW;
  int32_t *packed = (int32_t *)tk_scratch(rows * words);
  if (held_number == t->number && held_first == first) return packed;
  int64_t blocks = parts(rows, t->kernels->quantized_rows);
  for (int64_t i = 0, row = 0; i < blocks; i++) {
    int64_t height = rows / blocks + (i < rows % blocks);
    t->kernels->quantized_pack_rows(packed + row * words, t->x + (first + row) * t->ldx, t->ldx,
                                    height, t->w->inputs);
    row += height;
  }
  held_number = t->number;
  held_first = first;
  return packed;
}

static void multiply(void *context, int64_t index) {
  const quantized_product *t = context;
  int64_t i = index / t->column_tiles, j = index % t->column_tiles;
  int64_t row = t->rows * i / t->row_tiles, rows = t->rows * (i + 1) / t->row_tiles - row;
  int64_t panels = parts(t->outputs, TK_LANES);
  int64_t first = panels * j / t->column_tiles * TK_LANES;
  int64_t end = panels * (j + 1) / t->column_tiles * TK_LANES;
  if (end > t->outputs) end = t->outputs;
  tk_quantized_tile tile = {
      .c = t->y + row * t->ldy,
      .ldc = t->ldy,
      .weight = t->w,
      .first_column = first,
      .columns = end - first,
      .a = packed_rows(t, row, rows),
      .rows = rows,
      .row_blocks = parts(rows, t->kernels->quantized_rows),
      .bias = t->bias,
  };
  t->kernels->quantized_tile(&tile);
}

void tk_quantized_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                          const float *bias, int64_t rows, int64_t outputs) {
  static _Atomic uint64_t products;
  if (rows == 0 || outputs == 0) return;
  int64_t panels = parts(outputs, TK_LANES), tasks = tk_pool_threads() * TASKS;
  quantized_product t = {
      .y = y,
      .ldy = ldy,
      .x = x,
      .ldx = ldx,
      .w = w,
      .bias = bias,
      .rows = rows,
      .outputs = outputs,
      .kernels = tk_kernels(),
      .row_tiles = parts(rows, TILE_ROWS),
      .column_tiles = panels < tasks ? panels : tasks,
      .number = atomic_fetch_add(&products, 1) + 1,
  };
  tk_parallel(t.row_tiles * t.column_tiles, multiply, &t);
}
