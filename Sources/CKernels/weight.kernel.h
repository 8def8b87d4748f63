// A whole panel of a packed weight, to and from 16 rows of the matrix: see weight.c.
#include "transpose.h"
#include "weight.vector.h"

// To nearest even; a NaN stays one.
TK_INLINE tk_halves weight_narrow(tk_vf v) {
  typedef uint32_t bits_type __attribute__((vector_size(64)));
  bits_type bits;
  memcpy(&bits, &v, sizeof bits);
  bits_type rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
  bits_type is_nan = (bits_type)(v != v);
  return __builtin_convertvector((quiet & is_nan) | (rounded & ~is_nan), tk_halves);
}

TK_INLINE void weight_store(void *panel, tk_dtype dtype, int64_t k, tk_vf v) {
  if (dtype == TK_BFLOAT16) {
    tk_halves halves = weight_narrow(v);
    memcpy((uint16_t *)panel + k * TK_LANES, &halves, sizeof halves);
  } else {
    tk_store((float *)panel + k * TK_LANES, v);
  }
}

// panel[k][lane] = rows[lane, k] for `lanes` rows, 0 for the rest.
static void weight_pack_panel(void *panel, tk_dtype dtype, const float *rows, int64_t lanes,
                              int64_t inputs) {
  for (int64_t k = 0; k < inputs; k += TK_LANES) {
    int64_t count = inputs - k < TK_LANES ? inputs - k : TK_LANES;
    tk_vf v[TK_LANES];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < TK_LANES; lane++) {
      const float *row = rows + lane * inputs + k;
      v[lane] = tk_splat(0);
      if (lane < lanes) v[lane] = count == TK_LANES ? tk_load(row) : tk_load_part(row, count, 0);
    }
    tk_transpose(v);
#pragma clang loop unroll(full)
    for (int i = 0; i < TK_LANES; i++)
      if (i < count) weight_store(panel, dtype, k + i, v[i]);
  }
}

// rows[lane, k] = panel[k][lane] for `lanes` rows.
static void weight_unpack_panel(float *rows, const void *panel, tk_dtype dtype, int64_t lanes,
                                int64_t inputs) {
  for (int64_t k = 0; k < inputs; k += TK_LANES) {
    int64_t count = inputs - k < TK_LANES ? inputs - k : TK_LANES;
    tk_vf v[TK_LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < TK_LANES; i++)
      v[i] = i < count ? tk_load_weight(panel, dtype, (k + i) * TK_LANES) : tk_splat(0);
    tk_transpose(v);
#pragma clang loop unroll(full)
    for (int lane = 0; lane < TK_LANES; lane++)
      if (lane < lanes) tk_store_part(rows + lane * inputs + k, v[lane], count);
  }
}
