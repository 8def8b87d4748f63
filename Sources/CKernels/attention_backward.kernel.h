// The gradient of attention over one whole sequence, for one key/value head and all query heads
// that share it. Per query head, with P recomputed from the log-sum-exp that the forward kept:
//
//   dV = P^T dO;  dP = dO V^T;  D = rowsum(dO * O);  dS = P * (dP - D) * softcap' * scale
//   dQ = dS K;    dK = dS^T Q
//
// Blocks of 64 queries meet chunks of 64 keys, head after head, query block after query block,
// chunk after chunk: every sum has one order. Dao et al. 2022, "FlashAttention"
// (arXiv:2205.14135), algorithm 4, without its recomputation of the maximum.
#include "attention.h"
#include "tile.kernel.h"

enum { CHUNK = TK_ATTENTION_CHUNK };

// c[rows, columns] = or += sum over k of a[m * row_step + k * k_step] * b[k * b_step + n], columns
// a multiple of 16.
static void small_product(float *c, int64_t c_step, int64_t rows, int64_t columns, const float *a,
                          int64_t row_step, int64_t k_step, const float *b, int64_t b_step,
                          int64_t b_lane_step, int64_t count, int accumulate) {
  for (int64_t m = 0; m < rows; m += TILE_ROWS) {
    const int64_t tile_rows = rows - m < TILE_ROWS ? rows - m : TILE_ROWS;
    for (int64_t n = 0; n < columns;) {
      const int tile_columns = n + TILE_COLUMNS * TK_LANES <= columns ? TILE_COLUMNS : 1;
      const float *first = b + n / TK_LANES * b_lane_step;
      const float *const lanes[2] = {first, first + b_lane_step};
      float *out = c + m * c_step + n;
#define PRODUCT(R, C)                                                                   \
  do {                                                                                  \
    tile sums;                                                                          \
    if (accumulate)                                                                     \
      tile_load(&sums, R, C, out, c_step);                                              \
    else                                                                                \
      tile_zero(&sums, R, C);                                                           \
    tile_add(&sums, R, C, a + m * row_step, row_step, k_step, lanes, b_step, count);    \
    tile_store(&sums, R, C, out, c_step);                                               \
  } while (0)
      TILE_CASES(tile_rows, tile_columns, PRODUCT)
#undef PRODUCT
      n += tile_columns * TK_LANES;
    }
  }
}

// Copies [rows, width] to rows of `padded` floats, zeros behind.
static void pack_rows(float *to, int64_t padded, const float *from, int64_t ld, int64_t rows,
                      int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    memcpy(to + r * padded, from + r * ld, (size_t)width * sizeof(float));
    memset(to + r * padded + width, 0, (size_t)(padded - width) * sizeof(float));
  }
}
// Copies [rows, width] to pages [padded][16], zeros where there is nothing.
static void pack_pages(float *to, int64_t padded, const float *from, int64_t ld, int64_t rows,
                       int64_t width, int64_t pages) {
  memset(to, 0, (size_t)(pages * padded * TK_PAGE) * sizeof(float));
  for (int64_t r = 0; r < rows; r++) {
    float *page = to + r / TK_PAGE * padded * TK_PAGE + r % TK_PAGE;
    for (int64_t c = 0; c < width; c++) page[c * TK_PAGE] = from[r * ld + c];
  }
}

// Turns one row's scores and dP over a chunk of keys from j0 on into P and dS; 0 where masked.
static void row_gradient(float *p, float *ds, int64_t position, int64_t j0, float lse, float delta,
                         const tk_attention *attention) {
  const tk_vf scale = tk_splat(attention->scale), cap = tk_splat(attention->softcap);
  const tk_vf inverse_cap = tk_splat(1 / attention->softcap);
  const int64_t low = attention->window > 0 ? position - attention->window + 1 : 0;
  for (int64_t j = 0; j < CHUNK; j += TK_LANES) {
    tk_vf s = tk_load(p + j) * scale, slope = scale;
    if (attention->softcap != 0) {
      tk_vf t = tk_tanh(s * inverse_cap);
      s = cap * t;
      slope = scale * tk_fma(-t, t, tk_splat(1));
    }
    tk_vf e = tk_exp(s - tk_splat(lse));
    const int64_t key = j0 + j;
    if (key + TK_LANES - 1 > position || key < low) {
      tk_vi after = tk_lane_numbers() > (int32_t)(position - key);
      tk_vi before = tk_lane_numbers() < (int32_t)(low - key);
      e = tk_select(after | before, tk_splat(0), e);
    }
    tk_store(p + j, e);
    tk_store(ds + j, e * (tk_load(ds + j) - tk_splat(delta)) * slope);
  }
}

// Row 0 of every argument is the sequence's first; `scratch` holds
// TK_ATTENTION_BACKWARD_SCRATCH(rows, width) floats.
static void attention_backward_block(float *dqkv, int64_t lddqkv, const float *qkv, int64_t ldqkv,
                                     const float *o, const float *dout, int64_t ldo,
                                     const float *lse, int64_t kv_heads, int64_t width,
                                     int64_t rows, int64_t kv_head, const tk_attention *attention,
                                     float *scratch) {
  const int64_t heads = attention->heads, group = heads / kv_heads;
  const int64_t padded = (width + TK_LANES - 1) / TK_LANES * TK_LANES;
  const int64_t all = (rows + CHUNK - 1) / CHUNK * CHUNK;
  const int64_t key_column = (heads + kv_head) * width;
  const int64_t value_column = key_column + kv_heads * width;
  float *keys = scratch, *key_pages = keys + all * padded, *value_pages = key_pages + all * padded;
  float *dkeys = value_pages + all * padded, *dvalues = dkeys + all * padded;
  float *queries = dvalues + all * padded, *douts = queries + CHUNK * padded;
  float *dqueries = douts + CHUNK * padded, *p = dqueries + CHUNK * padded;
  float *ds = p + CHUNK * CHUNK;

  pack_rows(keys, padded, qkv + key_column, ldqkv, rows, width);
  memset(keys + rows * padded, 0, (size_t)((all - rows) * padded) * sizeof(float));
  pack_pages(key_pages, padded, qkv + key_column, ldqkv, rows, width, all / TK_PAGE);
  pack_pages(value_pages, padded, qkv + value_column, ldqkv, rows, width, all / TK_PAGE);
  memset(dkeys, 0, (size_t)(2 * all * padded) * sizeof(float));

  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
    for (int64_t i0 = 0; i0 < rows; i0 += CHUNK) {
      const int64_t count = rows - i0 < CHUNK ? rows - i0 : CHUNK;
      pack_rows(queries, padded, qkv + i0 * ldqkv + head * width, ldqkv, count, width);
      pack_rows(douts, padded, dout + i0 * ldo + head * width, ldo, count, width);
      float delta[CHUNK];
      for (int64_t i = 0; i < count; i++) {
        const float *out = o + (i0 + i) * ldo + head * width;
        tk_vf sum = tk_splat(0);
        for (int64_t c = 0; c < width; c += TK_LANES)
          sum = tk_fma(tk_load_lanes(out + c, tk_lanes_at(c, width)),
                       tk_load(douts + i * padded + c), sum);
        delta[i] = tk_fold_sum(sum);
      }
      memset(dqueries, 0, (size_t)(CHUNK * padded) * sizeof(float));
      int64_t low = attention->window > 0 ? i0 - attention->window + 1 : 0;
      if (low < 0) low = 0;
      for (int64_t j0 = low / CHUNK * CHUNK; j0 < i0 + count; j0 += CHUNK) {
        small_product(p, CHUNK, count, CHUNK, queries, padded, 1, key_pages + j0 * padded, TK_PAGE,
                      padded * TK_PAGE, padded, 0);
        small_product(ds, CHUNK, count, CHUNK, douts, padded, 1, value_pages + j0 * padded,
                      TK_PAGE, padded * TK_PAGE, padded, 0);
        for (int64_t i = 0; i < count; i++)
          row_gradient(p + i * CHUNK, ds + i * CHUNK, i0 + i, j0,
                       lse[(i0 + i) * heads + head], delta[i], attention);
        small_product(dvalues + j0 * padded, padded, CHUNK, padded, p, 1, CHUNK, douts, padded,
                      TK_LANES, count, 1);
        small_product(dkeys + j0 * padded, padded, CHUNK, padded, ds, 1, CHUNK, queries, padded,
                      TK_LANES, count, 1);
        small_product(dqueries, padded, count, padded, ds, CHUNK, 1, keys + j0 * padded, padded,
                      TK_LANES, CHUNK, 1);
      }
      for (int64_t i = 0; i < count; i++)
        memcpy(dqkv + (i0 + i) * lddqkv + head * width, dqueries + i * padded,
               (size_t)width * sizeof(float));
    }
  }
  for (int64_t j = 0; j < rows; j++) {
    memcpy(dqkv + j * lddqkv + key_column, dkeys + j * padded, (size_t)width * sizeof(float));
    memcpy(dqkv + j * lddqkv + value_column, dvalues + j * padded, (size_t)width * sizeof(float));
  }
}
