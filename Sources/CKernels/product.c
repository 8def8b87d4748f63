// Matrix products with a packed weight: forward, and the gradients of input, weight and bias.
//
// All three are C = A B over the same tiles. C's order of sums depends on the depth alone, so
// tiles are cut to suit the number of threads.
#pragma clang fp contract(off)
#include "product.h"

#include <stdatomic.h>

#include "dispatch.h"
#include "quantized.h"
#include "scratch.h"

enum {
  PACKED = 1 << 20,      // most floats of A that a thread packs at a time, for chains
  NEAR = 1 << 18,        // for sums of blocks, which lose nothing by a cut: so many stay in L2
  TILE_ROWS = 112,       // rows of a tile that reads B as it is: its part of A stays in L2
  TALL_TILE_ROWS = 512,  // rows of a tile that must first make its panels of B
  TILE_PANELS = 6,       // fewest panels of a tile
  TASKS = 8,             // tasks for each thread, so that the last ones end together
  TASK_WORK = 1 << 12    // fewest vector multiply-adds of a task, a microsecond
};

typedef struct product {
  float *c;
  int64_t ldc, rows, columns;
  const float *a;
  int64_t lda;
  int a_transposed;  // A[r, k] is a[k * lda + r]
  tk_right right;
  tk_sums sums;
  int accumulate;
  const float *bias;
} product;

// A chunk of the depth, and how C is cut into tiles for it.
typedef struct chunk {
  const product *product;
  const tk_table *kernels;
  int64_t k, depth;
  int64_t row_tiles, column_tiles;
  uint64_t number;  // of all chunks ever, so that a thread knows what it has packed
} chunk;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// Part i of `count` parts of `whole`, as even as can be, the larger ones first.
static void even_part(int64_t whole, int64_t count, int64_t i, int64_t *first, int64_t *size) {
  int64_t small = whole / count, larger = whole % count;
  *first = i * small + least(i, larger);
  *size = small + (i < larger);
}

// Rows first ... first + rows - 1 of A as the tile reads them, packed by the thread that reads
// them: lines that another core has just written cost more than the packing.
static const float *packed_rows(const chunk *t, int64_t first, int64_t rows) {
  static _Thread_local uint64_t held_number;
  static _Thread_local int64_t held_first;
  const product *p = t->product;
  if (p->rows == 1 && !p->a_transposed) return p->a + t->k;
  float *packed = tk_scratch(rows * t->depth);
  if (held_number == t->number && held_first == first) return packed;
  int64_t blocks = parts(rows, t->kernels->product_rows);
  if (p->a_transposed)
    t->kernels->product_pack_columns(packed, p->a + t->k * p->lda + first, p->lda, rows, blocks,
                                     t->depth);
  else
    t->kernels->product_pack_rows(packed, p->a + first * p->lda + t->k, p->lda, rows, blocks,
                                  t->depth);
  held_number = t->number;
  held_first = first;
  return packed;
}

static void multiply(void *context, int64_t index) {
  const chunk *t = context;
  const product *p = t->product;
  _Alignas(64) float scratch[TK_PANELS * TK_DEPTH * TK_LANES];
  int64_t first, rows, panel, panels;
  even_part(p->rows, t->row_tiles, index / t->column_tiles, &first, &rows);
  even_part(parts(p->columns, TK_LANES), t->column_tiles, index % t->column_tiles, &panel,
            &panels);
  tk_tile tile = {
      .c = p->c + first * p->ldc,
      .ldc = p->ldc,
      .first_column = panel * TK_LANES,
      .columns = least(panels * TK_LANES, p->columns - panel * TK_LANES),
      .a = packed_rows(t, first, rows),
      .rows = rows,
      .row_blocks = parts(rows, t->kernels->product_rows),
      .first_k = t->k,
      .depth = t->depth,
      .right = &p->right,
      .sums = p->sums,
      .overwrite = t->k == 0 && !p->accumulate,
      .bias = p->bias,
      .scratch = scratch,
  };
  t->kernels->product_tile(&tile);
}

// Cuts C into tiles, about TASKS for each thread where there is that much work.
static void cut(chunk *t) {
  const product *p = t->product;
  int64_t panels = parts(p->columns, TK_LANES), threads = tk_pool_threads();
  int64_t tasks = threads == 1 ? 1 : threads * TASKS;
  tasks = most(1, least(tasks, p->rows * panels * t->depth / TASK_WORK));
  int direct = p->right.form == TK_RIGHT_PANELS;
  t->row_tiles = parts(p->rows, direct ? TILE_ROWS : TALL_TILE_ROWS);
  // As many columns of tiles for every thread, and no tile too narrow.
  int64_t wanted = parts(tasks, t->row_tiles);
  if (wanted > 1) wanted = least(wanted, most(1, panels / threads / TILE_PANELS) * threads);
  t->column_tiles = least(wanted, panels);
  // Too few columns to go round: lower tiles.
  int64_t lowest = most(1, p->rows / TILE_ROWS);
  t->row_tiles = most(t->row_tiles, least(parts(tasks, t->column_tiles), lowest));
}

static void run(const product *p) {
  static _Atomic uint64_t chunks;
  if (p->rows == 0 || p->columns == 0) return;
  int64_t tile_rows = least(p->rows, TALL_TILE_ROWS);
  int64_t chunk_depth = p->right.depth, packed = p->sums == TK_SUMS_CHAIN ? PACKED : NEAR;
  if (tile_rows * chunk_depth > packed) chunk_depth = packed / tile_rows / TK_DEPTH * TK_DEPTH;
  for (int64_t k = 0; k < p->right.depth; k += chunk_depth) {
    chunk t = {
        .product = p,
        .kernels = tk_kernels(),
        .k = k,
        .depth = least(chunk_depth, p->right.depth - k),
        .number = atomic_fetch_add(&chunks, 1) + 1,
    };
    cut(&t);
    tk_parallel(t.row_tiles * t.column_tiles, multiply, &t);
  }
}

void tk_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                        const float *bias, int64_t rows, int64_t outputs) {
  if (w->dtype == TK_INT8) {
    tk_quantized_forward(y, ldy, x, ldx, w, bias, rows, outputs);
    return;
  }
  run(&(product){
      .c = y,
      .ldc = ldy,
      .rows = rows,
      .columns = outputs,
      .a = x,
      .lda = ldx,
      .right = {TK_RIGHT_PANELS, w->dtype, w->panels, w->inputs, w->inputs},
      .sums = TK_SUMS_CHAIN,
      .bias = bias,
  });
}

void tk_product_backward_input(float *dx, int64_t lddx, const float *dy, int64_t lddy,
                               const tk_weight *w, int64_t rows, int64_t outputs, int accumulate) {
  run(&(product){
      .c = dx,
      .ldc = lddx,
      .rows = rows,
      .columns = w->inputs,
      .a = dy,
      .lda = lddy,
      .right = {TK_RIGHT_TRANSPOSED, w->dtype, w->panels, w->inputs, outputs},
      .sums = TK_SUMS_BLOCKS,
      .accumulate = accumulate,
  });
}

void tk_product_backward_weight(float *dw, const float *dy, int64_t lddy, const float *x,
                                int64_t ldx, int64_t rows, int64_t outputs, int64_t inputs) {
  run(&(product){
      .c = dw,
      .ldc = inputs,
      .rows = outputs,
      .columns = inputs,
      .a = dy,
      .lda = lddy,
      .a_transposed = 1,
      .right = {TK_RIGHT_ROWS, TK_FLOAT32, x, ldx, rows},
      .sums = TK_SUMS_BLOCKS,
      .accumulate = 1,
  });
}

// A task owns a block of outputs over all rows, added in order.
enum { BIAS_OUTPUTS = 64 };

typedef struct bias_work {
  float *db;
  const float *dy;
  int64_t lddy, rows, outputs;
} bias_work;

static void backward_bias(void *context, int64_t index) {
  const bias_work *t = context;
  int64_t first = index * BIAS_OUTPUTS, count = least(BIAS_OUTPUTS, t->outputs - first);
  float sum[BIAS_OUTPUTS] = {0};
  for (int64_t r = 0; r < t->rows; r++)
    for (int64_t n = 0; n < count; n++) sum[n] += t->dy[r * t->lddy + first + n];
  for (int64_t n = 0; n < count; n++) t->db[first + n] += sum[n];
}

void tk_product_backward_bias(float *db, const float *dy, int64_t lddy, int64_t rows,
                              int64_t outputs) {
  bias_work t = {db, dy, lddy, rows, outputs};
  tk_parallel(parts(outputs, BIAS_OUTPUTS), backward_bias, &t);
}
