// What the product with an int8 copy is made of.
//
// 32 inputs of an output are a block: they share a scale, and so do 32 numbers of a row of the
// activations. A block's products are whole numbers and their sum is exact, so it is the same in
// any order; the blocks of an output are one chain of fma in float32, in their order.
//
// A panel holds 16 outputs, block by block, each block as 8 quads [16 outputs][4 inputs] of bytes,
// which are the whole number + 128: machines that multiply bytes take one side unsigned. The
// scales, bfloat16, [panel][block][16], stand behind all panels.
#pragma once
#include "temper_kernels.h"

enum {
  TK_BLOCK = 32,                         // inputs that share a scale
  TK_QUAD = 4,                           // inputs of one step of the sums
  TK_QUADS = TK_BLOCK / TK_QUAD,         //
  TK_BLOCK_BYTES = TK_BLOCK * TK_LANES,  // of a panel
  TK_LEVELS = 127,                       // the largest whole number
  TK_QUANTIZED_ROWS = 8                  // most rows of a block of activations
};

static inline int64_t tk_blocks(int64_t inputs) { return (inputs + TK_BLOCK - 1) / TK_BLOCK; }

// Block `block` of the panel of output `n`, and its scales.
static inline uint8_t *tk_quantized_block(const tk_weight *w, int64_t n, int64_t block) {
  int64_t place = n / TK_LANES * tk_blocks(w->inputs) + block;
  return (uint8_t *)w->panels + place * TK_BLOCK_BYTES;
}
static inline uint16_t *tk_quantized_scales(const tk_weight *w, int64_t n, int64_t block) {
  int64_t panels = (w->outputs + TK_LANES - 1) / TK_LANES, blocks = tk_blocks(w->inputs);
  uint8_t *behind = (uint8_t *)w->panels + panels * blocks * TK_BLOCK_BYTES;
  return (uint16_t *)behind + (n / TK_LANES * blocks + block) * TK_LANES;
}

// A block of activations of some rows: quads[q * rows + r] is four signed bytes; then the scale
// of each row, and what its sums start from to make up for the 128 above.
typedef struct tk_quantized_rows {
  int32_t *quads;  // [TK_QUADS][rows]
  float *scales;   // [rows]
  int32_t *starts; // [rows]
} tk_quantized_rows;

enum { TK_QUANTIZED_ROW = TK_QUADS + 2 };  // words of a row in a block

static inline tk_quantized_rows tk_quantized_rows_at(int32_t *packed, int64_t rows, int64_t block) {
  int32_t *quads = packed + block * rows * TK_QUANTIZED_ROW;
  float *scales = (float *)(quads + TK_QUADS * rows);
  return (tk_quantized_rows){quads, scales, (int32_t *)(scales + rows)};
}

// The part of a product that one call computes: some rows by whole panels.
typedef struct tk_quantized_tile {
  float *c;  // row 0 of the tile, column 0 of the matrix
  int64_t ldc;
  const tk_weight *weight;
  int64_t first_column, columns;  // first_column is a multiple of 16
  int32_t *a;                     // packed, in blocks of rows as even as can be
  int64_t rows, row_blocks;
  const float *bias;  // [all columns] or NULL, added at the end
} tk_quantized_tile;

// tk_product_forward with such a weight.
void tk_quantized_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                          const float *bias, int64_t rows, int64_t outputs);
