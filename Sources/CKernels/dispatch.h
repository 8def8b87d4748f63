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
  TK_PRODUCT_KERNELS(KERNEL) \
  TK_LAYER_KERNELS(KERNEL) \
  KERNEL(add_block, (float *y, const float *x, const float *branch, int64_t count))

struct tk_tile;            // product.h
struct tk_quantized_tile;  // quantized.h

// Those of the matrix products.
#define TK_PRODUCT_KERNELS(KERNEL)                                                                \
  KERNEL(product_tile, (const struct tk_tile *tile))                                              \
  KERNEL(product_pack_rows,                                                                       \
         (float *packed, const float *x, int64_t ldx, int64_t rows, int64_t blocks,               \
          int64_t depth))                                                                         \
  KERNEL(product_pack_columns,                                                                    \
         (float *packed, const float *x, int64_t ldx, int64_t rows, int64_t blocks,               \
          int64_t depth))                                                                         \
  KERNEL(weight_pack_panel,                                                                       \
         (void *panel, tk_dtype dtype, const float *rows, int64_t lanes, int64_t inputs))         \
  KERNEL(weight_unpack_panel,                                                                     \
         (float *rows, const void *panel, tk_dtype dtype, int64_t lanes, int64_t inputs))         \
  KERNEL(quantized_pack_output, (const tk_weight *w, int64_t n, const float *row))                \
  KERNEL(quantized_pack_rows,                                                                     \
         (int32_t *packed, const float *x, int64_t ldx, int64_t rows, int64_t inputs))            \
  KERNEL(quantized_tile, (const struct tk_quantized_tile *tile))                                  \
  KERNEL(ceiling_multiply, (float *sink, int64_t steps))                                          \
  KERNEL(ceiling_read, (float *sink, const float *x, int64_t count))

// Those of norms, activations, attention, the head and the update.
#define TK_LAYER_KERNELS(KERNEL)                                                                  \
  KERNEL(rmsnorm_forward_block,                                                                   \
         (float *y, int64_t ldy, float *rinv, const float *x, int64_t ldx, const float *gain,     \
          float offset, float eps, int64_t rows, int64_t heads, int64_t width))                   \
  KERNEL(rmsnorm_backward_block,                                                                  \
         (float *dx, int64_t lddx, float *dgain, const float *dy, int64_t lddy, const float *x,   \
          int64_t ldx, const float *rinv, const float *gain, float offset, int64_t rows,          \
          int64_t heads, int64_t width, int accumulate))                                          \
  KERNEL(rope_block,                                                                              \
         (float *x, int64_t ldx, const float *cosine, const float *sine,                          \
          const int32_t *positions, int64_t rows, int64_t heads, int64_t width, float direction)) \
  KERNEL(gated_forward_block,                                                                     \
         (float *s, const float *gate_up, tk_activation activation, int64_t rows, int64_t width)) \
  KERNEL(gated_backward_block,                                                                    \
         (float *dgate_up, const float *ds, const float *gate_up, tk_activation activation,       \
          int64_t rows, int64_t width))                                                           \
  KERNEL(attention_forward_block,                                                                 \
         (float *o, int64_t ldo, float *lse, const float *q, int64_t ldq, const tk_pages *pages,  \
          const int32_t *table, int64_t position, int64_t rows, int64_t kv_head,                  \
          const tk_attention *attention, float *scratch))                                         \
  KERNEL(attention_backward_block,                                                                \
         (float *dqkv, int64_t lddqkv, const float *qkv, int64_t ldqkv, const float *o,           \
          const float *dout, int64_t ldo, const float *lse, int64_t kv_heads, int64_t width,      \
          const tk_span *family, int64_t members, int64_t longest, int64_t kv_head,               \
          const tk_attention *attention, float *scratch))                                         \
  KERNEL(softcap_forward_block, (float *z, float cap, int64_t count))                             \
  KERNEL(softcap_backward_block, (float *dz, const float *z, float cap, int64_t count))           \
  KERNEL(logprob_forward_row,                                                                     \
         (float *logprob, float *entropy, double *lse, const float *logits, int32_t token,        \
          float inverse_temperature, int64_t allowed))                                            \
  KERNEL(logprob_row_block,                                                                       \
         (float *logprobs, const float *logits, double lse, float inverse_temperature,            \
          int64_t count))                                                                         \
  KERNEL(add_scaled_block,                                                                        \
         (float *y, const float *x, float scale, int64_t count, int *finite))                     \
  KERNEL(logprob_backward_row,                                                                    \
         (float *dlogits, const float *logits, int32_t token, float dlogprob, float dentropy,     \
          double lse, float entropy, float inverse_temperature, int64_t allowed,                  \
          int64_t columns))                                                                       \
  KERNEL(sample_row,                                                                              \
         (int32_t *token, float *behaviour, float *old, float *entropy, double *lse,              \
          const float *logits, double uniform, const tk_sampling *sampling, int64_t allowed,      \
          float *scratch))                                                                        \
  KERNEL(adamw_block, (float *theta, float *m, float *v, const float *g,                          \
                       const tk_adamw_step *step, int64_t count))                                 \
  KERNEL(adamw_keeping_block, (float *theta, float *m, float *v, float *g,                        \
                               const tk_adamw_step *step, double *squares, int64_t count))        \
  KERNEL(between_block,                                                                           \
         (float *y, const float *from, const float *to, float share, int64_t count))              \
  KERNEL(figures_block, (tk_figures *figures, const float *theta, const float *g, const float *v, \
                         float spike, int64_t count))                                             \
  KERNEL(sum_of_squares_block, (double *sum, const float *x, int64_t count))                      \
  KERNEL(first_nonfinite_block, (int64_t *first, const float *x, int64_t count))

typedef struct tk_table {
  int64_t product_rows;    // most rows of a block of a tile
  int64_t quantized_rows;  // and that quantized_pack_rows packs
#define TK_MEMBER(name, parameters) void(*name) parameters;
  TK_BLOCK_KERNELS(TK_MEMBER)
#undef TK_MEMBER
} tk_table;

// The table of the instruction set in use.
const tk_table *tk_kernels(void);
