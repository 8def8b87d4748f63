// How a tile's parts of A and B come to lie as the micro-kernels read them: see product.h.
#pragma once
#include "product.h"
#include "transpose.h"
#include "weight.vector.h"

// Columns [first, first + 16) of B's rows k ... k + count as a float32 panel, where B is none already.
static void product_panel(float *panel, const tk_right *right, int64_t first, int64_t columns,
                          int64_t k, int64_t count) {
  int64_t lanes = columns < TK_LANES ? columns : TK_LANES;
  if (right->form == TK_RIGHT_ROWS) {
    const float *from = (const float *)right->base + k * right->stride + first;
    for (int64_t i = 0; i < count; i++, from += right->stride)
      tk_store(panel + i * TK_LANES,
               lanes == TK_LANES ? tk_load(from) : tk_load_part(from, lanes, 0));
  } else {
    // The weight's outputs k ... k + 15 are one of its panels, its inputs the columns here.
    for (int64_t i = 0; i < count; i += TK_LANES) {
      int64_t at = (k + i) * right->stride + first * TK_LANES;
      tk_vf v[TK_LANES];
#pragma clang loop unroll(full)
      for (int lane = 0; lane < TK_LANES; lane++) {
        v[lane] = tk_splat(0);
        if (lane < lanes)
          v[lane] = tk_load_weight(right->base, right->dtype, at + lane * TK_LANES);
      }
      tk_transpose(v);
#pragma clang loop unroll(full)
      for (int lane = 0; lane < TK_LANES; lane++) tk_store(panel + (i + lane) * TK_LANES, v[lane]);
    }
  }
}

// Fetches what product_panel will read of B's rows k ... k + count and the columns
// [first, first + columns): part `part` of `parts`.
static void product_fetch(const tk_right *right, int64_t first, int64_t columns, int64_t k,
                          int64_t count, int64_t part, int64_t parts) {
  const int64_t size = right->dtype == TK_BFLOAT16 ? 2 : 4;
  const int64_t from = k + count * part / parts, to = k + count * (part + 1) / parts;
  for (int64_t i = from; i < to; i++)
    for (int64_t n = first; n < first + columns; n += TK_LANES) {
      int64_t at = right->form == TK_RIGHT_ROWS
                       ? i * right->stride + n
                       : (i - i % TK_LANES) * right->stride + (n + i % TK_LANES) * TK_LANES;
      __builtin_prefetch((const char *)right->base + at * size, 0, 2);
    }
}

// How a tile's rows are cut into blocks.
typedef struct product_blocks {
  int64_t most;    // rows of a larger block; the others have one less
  int64_t larger;  // the number of those, which come first
} product_blocks;

TK_INLINE product_blocks product_cut(int64_t rows, int64_t blocks) {
  int64_t most = (rows + blocks - 1) / blocks;
  return (product_blocks){most, rows - (most - 1) * blocks};
}
TK_INLINE int64_t product_height(product_blocks cut, int64_t block) {
  return cut.most - (block >= cut.larger);
}
TK_INLINE int64_t product_first_row(product_blocks cut, int64_t block) {
  return block * cut.most - (block > cut.larger ? block - cut.larger : 0);
}

// One block of A as the micro-kernels read it, packed[k * rows + r], from x[r, k].
static void product_pack_block(float *packed, const float *x, int64_t ldx, int64_t rows,
                               int64_t depth) {
  int64_t k = 0;
  for (; rows > 3 && k + TK_LANES <= depth; k += TK_LANES) {
    tk_vf v[TK_LANES];
#pragma clang loop unroll(full)
    for (int r = 0; r < TK_LANES; r++) v[r] = r < rows ? tk_load(x + r * ldx + k) : tk_splat(0);
    tk_transpose(v);
    // A store is wider than the rows and the next one mends it; the last ones are exact.
    int64_t exact = k + 2 * TK_LANES > depth ? TK_LANES - TK_LANES / rows : TK_LANES;
#pragma clang loop unroll(full)
    for (int i = 0; i < TK_LANES; i++) {
      if (i < exact)
        tk_store(packed + (k + i) * rows, v[i]);
      else
        tk_store_part(packed + (k + i) * rows, v[i], rows);
    }
  }
  for (; k < depth; k++)
    for (int64_t r = 0; r < rows; r++) packed[k * rows + r] = x[r * ldx + k];
}

// A tile's blocks, one behind the other, from x[r, k].
static void product_pack_rows(float *packed, const float *x, int64_t ldx, int64_t rows,
                              int64_t blocks, int64_t depth) {
  const product_blocks cut = product_cut(rows, blocks);
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t row = product_first_row(cut, block);
    product_pack_block(packed + row * depth, x + row * ldx, ldx, product_height(cut, block), depth);
  }
}

// The same from x[k, r]: a few rows of x at a time, so that their lines stay near for all blocks.
static void product_pack_columns(float *packed, const float *x, int64_t ldx, int64_t rows,
                                 int64_t blocks, int64_t depth) {
  enum { STEP = 8 };
  const product_blocks cut = product_cut(rows, blocks);
  for (int64_t first = 0; first < depth; first += STEP) {
    const int64_t end = first + STEP < depth ? first + STEP : depth;
    for (int64_t block = 0; block < blocks; block++) {
      const int64_t row = product_first_row(cut, block), height = product_height(cut, block);
      float *to = packed + row * depth;
      for (int64_t k = first; k < end; k++) {
        const float *from = x + k * ldx + row;
        // Wider than the rows; the next ones mend it.
        if ((depth - k) * height >= TK_LANES)
          tk_store(to + k * height, tk_load(from));
        else
          tk_store_part(to + k * height, tk_load_part(from, height, 0), height);
      }
    }
  }
}
