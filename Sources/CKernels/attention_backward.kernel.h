// The gradient of attention over one whole sequence, or several that begin with the same rows, for
// one key/value head and all query heads that share it. Per query head, with P recomputed from the log-sum-exp that the forward kept:
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

// Copies [rows, width] to rows of `padded` floats, zeros behind, and `empty` rows of zeros after.
static void pack_rows(float *to, int64_t padded, const float *from, int64_t ld, int64_t rows,
                      int64_t width, int64_t empty) {
  for (int64_t r = 0; r < rows; r++) {
    memcpy(to + r * padded, from + r * ld, (size_t)width * sizeof(float));
    memset(to + r * padded + width, 0, (size_t)(padded - width) * sizeof(float));
  }
  memset(to + rows * padded, 0, (size_t)(empty * padded) * sizeof(float));
}

// The same into pages [padded][16], row 0 at `position`.
static void pack_pages(float *to, int64_t padded, int64_t position, const float *from, int64_t ld,
                       int64_t rows, int64_t width, int64_t empty) {
  for (int64_t r = 0; r < rows + empty; r++) {
    const int64_t slot = position + r;
    float *page = to + slot / TK_PAGE * padded * TK_PAGE + slot % TK_PAGE;
    for (int64_t c = 0; c < padded; c++)
      page[c * TK_PAGE] = r < rows && c < width ? from[r * ld + c] : 0;
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

// Keys and values of one family at their positions, packed, and their gradients.
typedef struct backward_keys {
  float *keys, *key_pages, *value_pages, *dkeys, *dvalues;
} backward_keys;

// One block of queries against the keys before them, of one head.
typedef struct backward_block {
  float *queries, *douts, *dqueries, *p, *ds;
} backward_block;

// Writes out the gradients of a span's own keys and values.
static void key_gradients(float *dqkv, int64_t lddqkv, const tk_span *span, int64_t key_column,
                          int64_t value_column, int64_t width, int64_t padded,
                          const backward_keys *k) {
  for (int64_t j = 0; j < span->rows; j++) {
    float *row = dqkv + (span->first_row + j) * lddqkv;
    const int64_t at = (span->position + j) * padded;
    memcpy(row + key_column, k->dkeys + at, (size_t)width * sizeof(float));
    memcpy(row + value_column, k->dvalues + at, (size_t)width * sizeof(float));
  }
}

// Queries [i0, i0 + count) of a span, one head: their gradient, and what they add to that of the
// keys. Pointers are the span's, at its first row.
static void query_block(float *dq, int64_t lddqkv, const float *q, int64_t ldqkv, const float *o,
                        const float *dout, int64_t ldo, const float *lse, int64_t heads,
                        int64_t width, int64_t padded, int64_t position, int64_t count,
                        const tk_attention *attention, const backward_keys *k,
                        const backward_block *b) {
  pack_rows(b->queries, padded, q, ldqkv, count, width, 0);
  pack_rows(b->douts, padded, dout, ldo, count, width, 0);
  float delta[CHUNK];
  for (int64_t i = 0; i < count; i++) {
    const float *out = o + i * ldo;
    tk_vf sum = tk_splat(0);
    for (int64_t c = 0; c < width; c += TK_LANES)
      sum = tk_fma(tk_load_lanes(out + c, tk_lanes_at(c, width)),
                   tk_load(b->douts + i * padded + c), sum);
    delta[i] = tk_fold_sum(sum);
  }
  memset(b->dqueries, 0, (size_t)(CHUNK * padded) * sizeof(float));
  int64_t low = attention->window > 0 ? position - attention->window + 1 : 0;
  if (low < 0) low = 0;
  for (int64_t j0 = low / CHUNK * CHUNK; j0 < position + count; j0 += CHUNK) {
    small_product(b->p, CHUNK, count, CHUNK, b->queries, padded, 1, k->key_pages + j0 * padded,
                  TK_PAGE, padded * TK_PAGE, padded, 0);
    small_product(b->ds, CHUNK, count, CHUNK, b->douts, padded, 1, k->value_pages + j0 * padded,
                  TK_PAGE, padded * TK_PAGE, padded, 0);
    for (int64_t i = 0; i < count; i++)
      row_gradient(b->p + i * CHUNK, b->ds + i * CHUNK, position + i, j0, lse[i * heads], delta[i],
                   attention);
    small_product(k->dvalues + j0 * padded, padded, CHUNK, padded, b->p, 1, CHUNK, b->douts,
                  padded, TK_LANES, count, 1);
    small_product(k->dkeys + j0 * padded, padded, CHUNK, padded, b->ds, 1, CHUNK, b->queries,
                  padded, TK_LANES, count, 1);
    small_product(b->dqueries, padded, count, padded, b->ds, CHUNK, 1, k->keys + j0 * padded,
                  padded, TK_LANES, CHUNK, 1);
  }
  for (int64_t i = 0; i < count; i++)
    memcpy(dq + i * lddqkv, b->dqueries + i * padded, (size_t)width * sizeof(float));
}

// A family: a span from position 0 on, and those that each continue it, at the same position.
// `longest` is its last position plus one; `scratch` holds
// TK_ATTENTION_BACKWARD_SCRATCH(longest, width) floats.
static void attention_backward_block(float *dqkv, int64_t lddqkv, const float *qkv, int64_t ldqkv,
                                     const float *o, const float *dout, int64_t ldo,
                                     const float *lse, int64_t kv_heads, int64_t width,
                                     const tk_span *family, int64_t members, int64_t longest,
                                     int64_t kv_head, const tk_attention *attention,
                                     float *scratch) {
  const int64_t heads = attention->heads, group = heads / kv_heads;
  const int64_t padded = (width + TK_LANES - 1) / TK_LANES * TK_LANES;
  const int64_t all = (longest + CHUNK - 1) / CHUNK * CHUNK;
  const int64_t key_column = (heads + kv_head) * width;
  const int64_t value_column = key_column + kv_heads * width;
  backward_keys k;
  k.keys = scratch, k.key_pages = k.keys + all * padded;
  k.value_pages = k.key_pages + all * padded, k.dkeys = k.value_pages + all * padded;
  k.dvalues = k.dkeys + all * padded;
  backward_block b;
  b.queries = k.dvalues + all * padded, b.douts = b.queries + CHUNK * padded;
  b.dqueries = b.douts + CHUNK * padded, b.p = b.dqueries + CHUNK * padded;
  b.ds = b.p + CHUNK * CHUNK;

  for (int64_t m = 0; m < members; m++) {
    const tk_span *span = &family[m];
    const int64_t end = span->position + span->rows;
    const int64_t empty = (end + CHUNK - 1) / CHUNK * CHUNK - end;
    const float *key = qkv + span->first_row * ldqkv + key_column;
    const float *value = qkv + span->first_row * ldqkv + value_column;
    const int64_t at = span->position * padded;
    pack_rows(k.keys + at, padded, key, ldqkv, span->rows, width, empty);
    pack_pages(k.key_pages, padded, span->position, key, ldqkv, span->rows, width, empty);
    pack_pages(k.value_pages, padded, span->position, value, ldqkv, span->rows, width, empty);
    memset(k.dkeys + at, 0, (size_t)((span->rows + empty) * padded) * sizeof(float));
    memset(k.dvalues + at, 0, (size_t)((span->rows + empty) * padded) * sizeof(float));
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
      for (int64_t i0 = 0; i0 < span->rows; i0 += CHUNK) {
        const int64_t row = span->first_row + i0, column = head * width;
        query_block(dqkv + row * lddqkv + column, lddqkv, qkv + row * ldqkv + column, ldqkv,
                    o + row * ldo + column, dout + row * ldo + column, ldo,
                    lse + row * heads + head, heads, width, padded, span->position + i0,
                    span->rows - i0 < CHUNK ? span->rows - i0 : CHUNK, attention, &k, &b);
      }
    }
    // What later members add to the first one's keys is still to come.
    if (m > 0) key_gradients(dqkv, lddqkv, span, key_column, value_column, width, padded, &k);
  }
  key_gradients(dqkv, lddqkv, &family[0], key_column, value_column, width, padded, &k);
}
