// Matrix products with a packed weight: forward, and the gradients of input, weight and bias.
//
// All three are C = A B over the same tiles. C's order of sums depends on the depth alone, so
// tiles are cut to suit the number of threads.
#pragma clang fp contract(off)
#include "product.h"

#include "dispatch.h"
#include "scratch.h"

enum {
  PACKED = 1 << 21,      // floats of A that are packed at a time
  CHUNK_ROWS = 2048,     // and at most so many rows
  TILE_ROWS = 112,       // rows of a tile that reads B as it is: its part of A stays in L2
  TALL_TILE_ROWS = 512,  // rows of a tile that must first make its panels of B
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

// A chunk of rows and depth, and how it is cut into tiles.
typedef struct chunk {
  const product *product;
  const tk_table *kernels;
  int64_t row, rows, k, depth;
  int64_t tiles, tile_columns, column_tiles;
  const float *packed;
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

static void pack(void *context, int64_t index) {
  const chunk *t = context;
  const product *p = t->product;
  int64_t first, rows, block, height;
  even_part(t->rows, t->tiles, index, &first, &rows);
  int64_t blocks = parts(rows, t->kernels->product_rows);
  for (int64_t i = 0; i < blocks; i++) {
    even_part(rows, blocks, i, &block, &height);
    block += first;
    float *packed = (float *)t->packed + block * t->depth;
    if (p->a_transposed)
      t->kernels->product_pack_columns(packed, p->a + t->k * p->lda + t->row + block, p->lda,
                                       height, t->depth);
    else
      t->kernels->product_pack_rows(packed, p->a + (t->row + block) * p->lda + t->k, p->lda,
                                    height, t->depth);
  }
}

static void multiply(void *context, int64_t index) {
  const chunk *t = context;
  const product *p = t->product;
  _Alignas(64) float scratch[TK_PANELS * TK_DEPTH * TK_LANES];
  int64_t first, rows, column = index / t->tiles * t->tile_columns;
  even_part(t->rows, t->tiles, index % t->tiles, &first, &rows);
  tk_tile tile = {
      .c = p->c + (t->row + first) * p->ldc,
      .ldc = p->ldc,
      .first_column = column,
      .columns = least(t->tile_columns, p->columns - column),
      .a = t->packed + first * t->depth,
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

static void cut(chunk *t) {
  const product *p = t->product;
  int64_t panels = parts(p->columns, TK_LANES), threads = tk_pool_threads();
  int64_t work = t->rows * panels * t->depth;
  int64_t tasks = least(threads * TASKS, work / TASK_WORK);
  if (threads == 1 || tasks < 2) tasks = 1;
  int direct = p->right.form == TK_RIGHT_PANELS && p->right.dtype == TK_FLOAT32;
  t->tiles = parts(t->rows, direct ? TILE_ROWS : TALL_TILE_ROWS);
  int64_t groups = least(parts(tasks, t->tiles), parts(panels, TK_PANELS));
  t->tile_columns = parts(parts(panels, groups), TK_PANELS) * TK_PANELS * TK_LANES;
  t->column_tiles = parts(p->columns, t->tile_columns);
  // Too few columns to go round: lower tiles.
  if (t->tiles * t->column_tiles < tasks)
    t->tiles = most(t->tiles, least(parts(tasks, t->column_tiles), t->rows / TILE_ROWS));
}

static void run(const product *p) {
  int64_t chunk_rows = least(p->rows, CHUNK_ROWS);
  int64_t chunk_depth = p->right.depth;
  if (chunk_rows * chunk_depth > PACKED) chunk_depth = PACKED / chunk_rows / TK_DEPTH * TK_DEPTH;
  int packed_already = p->rows == 1 && !p->a_transposed;
  float *packed =
      packed_already ? NULL : tk_scratch(chunk_rows * chunk_depth);

  for (int64_t row = 0; row < p->rows; row += chunk_rows)
    for (int64_t k = 0; k < p->right.depth; k += chunk_depth) {
      chunk t = {
          .product = p,
          .kernels = tk_kernels(),
          .row = row,
          .rows = least(chunk_rows, p->rows - row),
          .k = k,
          .depth = least(chunk_depth, p->right.depth - k),
          .packed = packed_already ? p->a + k : packed,
      };
      cut(&t);
      if (!packed_already) tk_parallel(t.tiles, pack, &t);
      tk_parallel(t.tiles * t.column_tiles, multiply, &t);
    }
}

void tk_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                        const float *bias, int64_t rows, int64_t outputs) {
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
