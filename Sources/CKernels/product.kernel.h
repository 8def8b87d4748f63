// The micro-kernels of the products and the loops around them: see product.h.
#include "bfloat16.h"
#include "product.h"
#include "product_pack.kernel.h"
#include "weight.vector.h"
#if defined(TK_AMX_BLOCKS)
#include "product.amx.h"
#endif

// The most panels for a number of rows: so many that rows x panels sums, a row of B and a number
// of A fit in the registers. AVX-512 has 32, one for 16 lanes; AVX2 has 16, two for 16 lanes.
#if defined(TK_AVX512_BLOCKS)
enum { PRODUCT_ROWS = TK_BLOCK_ROWS };
static const int64_t product_panels[] = {0, 4, 4, 4, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 2};
#else
enum { PRODUCT_ROWS = TK_SHORT_BLOCK_ROWS };
static const int64_t product_panels[] = {0, 4, 3, 1, 1, 1, 1};
#endif

typedef struct product_target {
  float *c;
  int64_t ldc;
  const float *bias;
  int from_c;     // the chain goes on from C
  int add_to_c;   // the sum is added to C
  int64_t ahead;  // fetches into the caches what stands so many elements behind B's row in use
} product_target;

// `rows` rows of A by `panels` panels of B, `stride` elements apart: each sum a chain over k.
TK_INLINE void product_block(const int rows, const int panels, const tk_dtype dtype,
                             const product_target *target, const float *a, const void *b,
                             int64_t stride, int64_t depth) {
  const int64_t size = dtype == TK_BFLOAT16 ? 2 : 4;
  const char *ahead = (const char *)b + target->ahead * size;
  tk_vf sum[TK_BLOCK_ROWS][TK_PANELS];
  float *c = target->c;
  int64_t ldc = target->ldc;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      sum[r][p] = tk_splat(0);
      __builtin_prefetch(c + r * ldc + p * TK_LANES, 1);
    }
  if (target->from_c) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) sum[r][p] = tk_load(c + r * ldc + p * TK_LANES);
  }
#pragma clang loop unroll(disable)
  for (int64_t k = 0; k < depth; k++) {
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++)
      __builtin_prefetch(ahead + (p * stride + k * TK_LANES) * size, 0, 2);
    if (rows <= 3) {  // the numbers of A stay in registers, else those of B
      tk_vf x[3];
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) x[r] = tk_splat(a[k * rows + r]);
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) {
        tk_vf w = tk_load_weight(b, dtype, p * stride + k * TK_LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) sum[r][p] = tk_fma(x[r], w, sum[r][p]);
      }
    } else {
      tk_vf w[TK_PANELS];
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) w[p] = tk_load_weight(b, dtype, p * stride + k * TK_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        tk_vf x = tk_splat(a[k * rows + r]);
#pragma clang loop unroll(full)
        for (int p = 0; p < panels; p++) sum[r][p] = tk_fma(x, w[p], sum[r][p]);
      }
    }
  }
  if (target->bias != NULL) {
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      tk_vf bias = tk_load(target->bias + p * TK_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r][p] = sum[r][p] + bias;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      float *at = c + r * ldc + p * TK_LANES;
      tk_store(at, target->add_to_c ? tk_load(at) + sum[r][p] : sum[r][p]);
    }
}

typedef void (*product_kernel)(const product_target *, const float *a, const void *b,
                               int64_t stride, int64_t depth);

// One function for each number of rows and panels that the registers hold.
#define PRODUCT_KERNEL(R, P)                                                                  \
  static void product_float_##R##_##P(const product_target *t, const float *a, const void *b, \
                                      int64_t stride, int64_t depth) {                        \
    product_block(R, P, TK_FLOAT32, t, a, b, stride, depth);                                  \
  }                                                                                           \
  static void product_bfloat_##R##_##P(const product_target *t, const float *a, const void *b, \
                                       int64_t stride, int64_t depth) {                       \
    product_block(R, P, TK_BFLOAT16, t, a, b, stride, depth);                                 \
  }
#if defined(TK_AVX512_BLOCKS)
#define PRODUCT_KERNELS(K)                                                                  \
  K(1, 1) K(1, 2) K(1, 3) K(1, 4) K(2, 1) K(2, 2) K(2, 3) K(2, 4) K(3, 1) K(3, 2) K(3, 3)   \
  K(3, 4) K(4, 1) K(4, 2) K(4, 3) K(4, 4) K(5, 1) K(5, 2) K(5, 3) K(5, 4) K(6, 1) K(6, 2)   \
  K(6, 3) K(6, 4) K(7, 1) K(7, 2) K(7, 3) K(8, 1) K(8, 2) K(8, 3) K(9, 1) K(9, 2)   \
  K(9, 3) K(10, 1) K(10, 2) K(11, 1) K(11, 2) K(12, 1) K(12, 2) K(13, 1) K(13, 2) K(14, 1)  \
  K(14, 2)
#else
#define PRODUCT_KERNELS(K)                                                                  \
  K(1, 1) K(1, 2) K(1, 3) K(1, 4) K(2, 1) K(2, 2) K(2, 3) K(3, 1) K(4, 1) K(5, 1)   \
  K(6, 1)
#endif
PRODUCT_KERNELS(PRODUCT_KERNEL)

// How far ahead a stream of panels is fetched, in elements: beyond the page that the machine fetches
// by itself where there is one stream, nearer where there are several; further where many rows take
// their time over each weight (measured on Zen 4).
static int64_t product_ahead(int64_t rows, int64_t panels) {
  return panels == 1 ? 4096 : rows < 4 ? 256 : 1024;
}

static const product_kernel product_kernels[2][PRODUCT_ROWS + 1][TK_PANELS + 1] = {
#define PRODUCT_ENTRY(R, P) [TK_FLOAT32][R][P] = product_float_##R##_##P, \
                            [TK_BFLOAT16][R][P] = product_bfloat_##R##_##P,
    PRODUCT_KERNELS(PRODUCT_ENTRY)
#undef PRODUCT_ENTRY
};

// The last columns of C when they do not fill a panel: computed beside C, then copied.
static void product_edge(product_kernel kernel, const product_target *target, int64_t columns,
                         const float *a, const void *b, int64_t rows, int64_t depth) {
  float edge[TK_BLOCK_ROWS * TK_LANES], bias[TK_LANES] = {0};
  product_target beside = *target;
  beside.c = edge;
  beside.ldc = TK_LANES;
  for (int64_t r = 0; r < rows; r++)
    tk_store(edge + r * TK_LANES, target->from_c || target->add_to_c
                                      ? tk_load_part(target->c + r * target->ldc, columns, 0)
                                      : tk_splat(0));
  if (target->bias != NULL) {
    memcpy(bias, target->bias, (size_t)columns * sizeof(float));
    beside.bias = bias;
  }
  kernel(&beside, a, b, 0, depth);
  for (int64_t r = 0; r < rows; r++)
    tk_store_part(target->c + r * target->ldc, tk_load(edge + r * TK_LANES), columns);
}

static void product_tile(const tk_tile *t) {
  const tk_right *right = t->right;
#if defined(TK_AMX_BLOCKS)
  if (right->form == TK_RIGHT_PANELS && right->dtype == TK_BFLOAT16) return product_tile_amx(t);
#endif
  const product_blocks cut = product_cut(t->rows, t->row_blocks);
  int direct = right->form == TK_RIGHT_PANELS;
  tk_dtype dtype = direct ? right->dtype : TK_FLOAT32;
  const int64_t size = dtype == TK_BFLOAT16 ? 2 : 4;
  // A chain over one block of rows reads each weight once: nothing to keep near, no cut.
  int64_t step = !direct ? TK_DEPTH : t->row_blocks == 1 ? t->depth : TK_CHAIN_DEPTH;
  int64_t most = product_panels[cut.most];

  for (int64_t k = 0; k < t->depth; k += step) {
    int64_t depth = t->depth - k < step ? t->depth - k : step;
    int64_t at_k = t->first_k + k;
    int first = t->overwrite && k == 0, last = at_k + depth == right->depth;
    product_target target = {
        .ldc = t->ldc,
        .from_c = t->sums == TK_SUMS_CHAIN && !first,
        .add_to_c = t->sums == TK_SUMS_BLOCKS && !first,
    };
    for (int64_t j = 0; j < t->columns;) {
      int64_t column = t->first_column + j, left = t->columns - j;
      int64_t panels = left < TK_LANES ? 1 : left / TK_LANES < most ? left / TK_LANES : most;
      int64_t next = left - panels * TK_LANES;  // columns to fetch beside the work
      if (next > panels * TK_LANES) next = panels * TK_LANES;
      const void *b = t->scratch;
      int64_t stride = TK_DEPTH * TK_LANES;
      if (direct) {
        int64_t at = column * right->stride + at_k * TK_LANES;
        b = (const char *)right->base + at * size;
        stride = right->stride * TK_LANES;
      } else {
        for (int64_t p = 0; p < panels; p++)
          product_panel(t->scratch + p * stride, right, column + p * TK_LANES,
                        left - p * TK_LANES, at_k, depth);
      }
      target.bias = last && t->bias != NULL ? t->bias + column : NULL;
      for (int64_t block = 0; block < t->row_blocks; block++) {
        int64_t row = product_first_row(cut, block), height = product_height(cut, block);
        const float *a = t->a + row * t->depth + k * height;
        // One block streams through its panels; of several, the first fetches the next panels.
        target.ahead = t->row_blocks == 1     ? product_ahead(height, panels)
                       : block == 0 && direct ? panels * stride
                                              : 0;
        product_kernel kernel = product_kernels[dtype][height][panels];
        target.c = t->c + row * t->ldc + column;
        if (left < TK_LANES)
          product_edge(kernel, &target, left, a, b, height, depth);
        else
          kernel(&target, a, b, stride, depth);
        if (!direct && next > 0)
          product_fetch(right, column + panels * TK_LANES, next, at_k, depth, block, t->row_blocks);
      }
      j += panels * TK_LANES;
    }
  }
}
