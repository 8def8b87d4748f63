// One table of block kernels for each instruction set, all compiled from the same source.
//
// A block kernel is serial and works on the rows or tiles that it is given. The file
// <operation>.c holds the public function, which cuts the work into fixed blocks, deals them to
// the pool and calls the table; <operation>.kernel.h holds the block kernel, written once with
// the types of vector.h and compiled three times by isa_*.c.
#pragma once
#include "temper_kernels.h"

// name, parameters: the block kernels. A new one is added here and in its .kernel.h.
#define TK_BLOCK_KERNELS(KERNEL) \
  KERNEL(product_tile, (const struct tk_tile *tile)) \
  KERNEL(product_pack_rows, (float *packed, const float *x, int64_t ldx, int64_t rows, \
                             int64_t depth)) \
  KERNEL(product_pack_columns, (float *packed, const float *x, int64_t ldx, int64_t rows, \
                                int64_t depth)) \
  KERNEL(weight_pack_panel, (void *panel, tk_dtype dtype, const float *rows, int64_t lanes, \
                             int64_t inputs)) \
  KERNEL(weight_unpack_panel, (float *rows, const void *panel, tk_dtype dtype, int64_t lanes, \
                               int64_t inputs)) \
  KERNEL(ceiling_multiply, (float *sink, int64_t steps)) \
  KERNEL(ceiling_read, (float *sink, const float *x, int64_t count)) \
  KERNEL(add_block, (float *y, const float *x, int64_t count))

struct tk_tile;  // product.h

typedef struct tk_table {
  int64_t product_rows;  // most rows of a block that product_pack_* packs
#define TK_MEMBER(name, parameters) void(*name) parameters;
  TK_BLOCK_KERNELS(TK_MEMBER)
#undef TK_MEMBER
} tk_table;

// The table of the instruction set in use.
const tk_table *tk_kernels(void);

// Memory of the calling thread, 64-byte aligned, its contents undefined; valid until the thread
// asks again.
void *tk_scratch(size_t bytes);
