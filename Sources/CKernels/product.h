// What the three products share: C [rows, columns] = or += A [rows, depth] B [depth, columns].
//
// A, the activations or their gradient, is packed into blocks of a few rows, each [depth][rows of
// the block], so that one step over the depth reads its numbers side by side. B comes in panels of
// 16 columns, [depth][16]. A tile is computed by product_tile, its depth in blocks of TK_DEPTH.
#pragma once
#include "temper_kernels.h"

enum {
  TK_DEPTH = 256,          // a block of the depth: its parts of A and B stay in the nearest caches
  TK_CHAIN_DEPTH = 768,    // where B is read as it is, so that C comes and goes less often
  TK_PANELS = 4,           // most panels of a micro-kernel
  TK_BLOCK_ROWS = 14,      // most rows of a micro-kernel under AVX-512
  TK_SHORT_BLOCK_ROWS = 6  // and elsewhere
};

typedef enum tk_right_form {
  TK_RIGHT_PANELS,      // a packed weight as it is: panel [depth][16]
  TK_RIGHT_TRANSPOSED,  // a packed weight with the depth along its outputs
  TK_RIGHT_ROWS         // row-major [depth, columns]
} tk_right_form;

typedef struct tk_right {
  tk_right_form form;
  tk_dtype dtype;
  const void *base;
  int64_t stride;  // of a row of TK_RIGHT_ROWS; the weight's inputs otherwise
  int64_t depth;   // of the whole matrix
} tk_right;

typedef enum tk_sums {
  TK_SUMS_CHAIN,  // one chain of fma over the whole depth: partial sums go on from C
  TK_SUMS_BLOCKS  // each block of the depth is summed from 0 and added to C
} tk_sums;

typedef struct tk_tile {
  float *c;  // row 0, column 0 of the matrix
  int64_t ldc;
  int64_t first_column, columns;  // first_column is a multiple of 16
  const float *a;                 // row 0 of the tile, packed
  int64_t rows, row_blocks;       // blocks as even as can be, the larger ones first
  int64_t first_k, depth;         // the part of B's depth that `a` holds
  const tk_right *right;
  tk_sums sums;
  int overwrite;      // the first block starts from 0 whatever C holds
  const float *bias;  // [all columns] or NULL, added at the end
  float *scratch;     // [TK_PANELS][TK_DEPTH][16]
} tk_tile;
