// Attention of a few query rows over their own sequence's pages.
//
// A row sees the keys of its range [low, high). They are taken in blocks of 512 positions, counted
// from position 0 of the sequence: scores, maximum, exponentials and their 16 partial sums (key j
// to j mod 16), then the weighted sum of values, key after key. When a later block raises the
// maximum, what was summed is scaled by exp(old - new) (Milakov and Gimelshein 2018, "Online
// normalizer calculation for softmax"). So a row's bits depend on its position alone; rows are
// only computed side by side, six at a time, so that a loaded key serves six queries.
#include "tile.kernel.h"

enum { KEY_BLOCK = 512 };

// What six queries share.
typedef struct query_tile {
  int rows;
  int64_t low[TILE_ROWS], high[TILE_ROWS];  // the range of keys that each may see
  float maximum[TILE_ROWS];
  tk_vf sum[TILE_ROWS];
  int started[TILE_ROWS];
  float *queries;  // [rows, width]
  float *scores;   // [rows, KEY_BLOCK]: scores, then exponentials
  float *out;      // [rows, padded]: sums of values
  int64_t width, padded;
} query_tile;

// One head's share of a sequence's pages.
typedef struct key_pages {
  const float *base;
  int64_t stride;
  const int32_t *table;
} key_pages;

TK_INLINE const float *keys_of(const key_pages *pages, int64_t page) {
  return pages->base + pages->table[page] * pages->stride;
}

// scores[m, j - start] = <q_m, k_j> for the pages that hold [from, to).
static void tile_scores(const query_tile *t, const key_pages *pages, int64_t start, int64_t from,
                        int64_t to) {
  const int64_t last = (to + TK_PAGE - 1) / TK_PAGE;
  for (int64_t page = from / TK_PAGE; page < last;) {
    const int most = tile_most_columns(t->rows);
    const int columns = last - page < most ? (int)(last - page) : most;
    const float *keys[TILE_MOST_COLUMNS];
    for (int n = 0; n < columns; n++) keys[n] = keys_of(pages, page + n);
    float *scores = t->scores + page * TK_PAGE - start;
#define SCORES(R, C)                                                              \
  do {                                                                            \
    tile sums;                                                                    \
    tile_zero(&sums, R, C);                                                       \
    tile_add(&sums, R, C, t->queries, t->width, 1, keys, TK_PAGE, t->width);      \
    tile_store(&sums, R, C, scores, KEY_BLOCK);                                   \
  } while (0)
    TILE_CASES(t->rows, columns, SCORES)
#undef SCORES
    page += columns;
  }
}

// Row m's scores over [from, to) become exp(score - maximum), 0 outside of the range.
static void row_exponentials(query_tile *t, int m, const tk_attention *attention, int64_t start,
                             int64_t from, int64_t to) {
  float *scores = t->scores + m * KEY_BLOCK - start;
  const int64_t first = from / TK_PAGE * TK_PAGE;
  const tk_vf scale = tk_splat(attention->scale), cap = tk_splat(attention->softcap);
  const tk_vf inverse_cap = tk_splat(1 / attention->softcap);
  tk_vf maxima = tk_splat(-INFINITY);
  for (int64_t j = first; j < to; j += TK_PAGE) {
    tk_vf s = tk_load(scores + j) * scale;
    if (attention->softcap != 0) s = cap * tk_tanh(s * inverse_cap);
    if (j < from || j + TK_PAGE > to) {
      tk_vi below = tk_lane_numbers() < (int32_t)(from - j);
      tk_vi above = tk_lane_numbers() >= (int32_t)(to - j);
      s = tk_select(below | above, tk_splat(-INFINITY), s);
    }
    maxima = tk_max(s, maxima);
    tk_store(scores + j, s);
  }
  float maximum = tk_fold_max(maxima);
  if (t->started[m]) {
    maximum = maximum > t->maximum[m] ? maximum : t->maximum[m];
    tk_vf shrink = tk_exp(tk_splat(t->maximum[m] - maximum));
    t->sum[m] = t->sum[m] * shrink;
    float *out = t->out + m * t->padded;
    for (int64_t c = 0; c < t->padded; c += TK_LANES) tk_store(out + c, tk_load(out + c) * shrink);
  }
  t->started[m] = 1;
  t->maximum[m] = maximum;
  tk_vf sum = t->sum[m];
  for (int64_t j = first; j < to; j += TK_PAGE) {
    tk_vf e = tk_exp(tk_load(scores + j) - tk_splat(maximum));
    sum = sum + e;
    tk_store(scores + j, e);
  }
  t->sum[m] = sum;
}

// out[m, :] += sum over keys j in [from, to), in order, of scores[m, j] * v_j, for `rows` rows
// from m on.
static void tile_values(const query_tile *t, int m, int rows, const key_pages *pages,
                        int64_t start, int64_t from, int64_t to) {
  const float *weights = t->scores + m * KEY_BLOCK - start;
  float *out = t->out + m * t->padded;
  const int64_t width = t->width;
  const int most = tile_most_columns(rows);
  int64_t c = 0;
  while (c + TK_LANES <= width) {
    const int64_t left = (width - c) / TK_LANES;
    const int columns = left < most ? (int)left : most;
#define VALUES(R, C)                                                                         \
  do {                                                                                       \
    tile sums;                                                                               \
    tile_load(&sums, R, C, out + c, t->padded);                                              \
    for (int64_t j = from; j < to;) {                                                        \
      const int64_t slot = j % TK_PAGE;                                                      \
      const int64_t count = TK_PAGE - slot < to - j ? TK_PAGE - slot : to - j;               \
      const float *value = keys_of(pages, j / TK_PAGE) + (TK_PAGE + slot) * width + c;       \
      const float *const lanes[] = {value, value + TK_LANES, value + 2 * TK_LANES,           \
                                    value + 3 * TK_LANES};                                   \
      tile_add(&sums, R, C, weights + j, KEY_BLOCK, 1, lanes, width, count);                 \
      j += count;                                                                            \
    }                                                                                        \
    tile_store(&sums, R, C, out + c, t->padded);                                             \
  } while (0)
    TILE_CASES(rows, columns, VALUES)
#undef VALUES
    c += columns * TK_LANES;
  }
  if (c == width) return;
  for (int r = 0; r < rows; r++) {  // the last width mod 16 channels
    tk_vf sum = tk_load(out + r * t->padded + c);
    for (int64_t j = from; j < to; j++) {
      const float *value = keys_of(pages, j / TK_PAGE) + (TK_PAGE + j % TK_PAGE) * width + c;
      tk_vf weight = tk_splat(weights[r * KEY_BLOCK + j]);
      sum = tk_fma(weight, tk_load_part(value, width - c, 0), sum);
    }
    tk_store(out + r * t->padded + c, sum);
  }
}

// The keys [start, start + KEY_BLOCK) for all rows of the tile.
static void tile_key_block(query_tile *t, const key_pages *pages, const tk_attention *attention,
                           int64_t start) {
  int64_t from[TILE_ROWS], to[TILE_ROWS];
  int64_t first = start + KEY_BLOCK, last = start, common_from = start, common_to = first;
  for (int m = 0; m < t->rows; m++) {
    from[m] = t->low[m] > start ? t->low[m] : start;
    to[m] = t->high[m] < start + KEY_BLOCK ? t->high[m] : start + KEY_BLOCK;
    if (from[m] < to[m] && from[m] < first) first = from[m];
    if (from[m] < to[m] && to[m] > last) last = to[m];
    if (from[m] > common_from) common_from = from[m];
    if (to[m] < common_to) common_to = to[m];
  }
  if (first >= last) return;
  tile_scores(t, pages, start, first, last);
  for (int m = 0; m < t->rows; m++)
    if (from[m] < to[m]) row_exponentials(t, m, attention, start, from[m], to[m]);

  if (common_from >= common_to) {
    for (int m = 0; m < t->rows; m++) tile_values(t, m, 1, pages, start, from[m], to[m]);
    return;
  }
  for (int m = 0; m < t->rows; m++) tile_values(t, m, 1, pages, start, from[m], common_from);
  tile_values(t, 0, t->rows, pages, start, common_from, common_to);
  for (int m = 0; m < t->rows; m++) tile_values(t, m, 1, pages, start, common_to, to[m]);
}

// Rows of consecutive positions from `position` on, all query heads of one key/value head. o, q
// and lse point to the first row; `scratch` holds TK_ATTENTION_SCRATCH(width) floats.
static void attention_forward_block(float *o, int64_t ldo, float *lse, const float *q, int64_t ldq,
                                    const tk_pages *pages, const int32_t *table, int64_t position,
                                    int64_t rows, int64_t kv_head, const tk_attention *attention,
                                    float *scratch) {
  const int64_t width = pages->width, group = attention->heads / pages->heads;
  const key_pages keys = {pages->base + kv_head * 2 * TK_PAGE * width, pages->page_stride, table};
  query_tile t = {.width = width, .padded = (width + TK_LANES - 1) / TK_LANES * TK_LANES};
  t.scores = scratch;
  t.out = t.scores + TILE_ROWS * KEY_BLOCK;
  t.queries = t.out + TILE_ROWS * t.padded;
  for (int64_t first = 0; first < rows * group; first += TILE_ROWS) {
    t.rows = (int)(rows * group - first < TILE_ROWS ? rows * group - first : TILE_ROWS);
    int64_t low = INT64_MAX, high = 0;
    for (int m = 0; m < t.rows; m++) {
      const int64_t row = (first + m) / group, head = kv_head * group + (first + m) % group;
      const int64_t seen = position + row + 1;
      t.high[m] = seen;
      t.low[m] = attention->window > 0 && seen > attention->window ? seen - attention->window : 0;
      if (t.low[m] < low) low = t.low[m];
      if (t.high[m] > high) high = t.high[m];
      t.started[m] = 0;
      t.sum[m] = tk_splat(0);
      memcpy(t.queries + m * width, q + row * ldq + head * width, (size_t)width * sizeof(float));
    }
    memset(t.out, 0, (size_t)(t.rows * t.padded) * sizeof(float));
    for (int64_t start = low / KEY_BLOCK * KEY_BLOCK; start < high; start += KEY_BLOCK)
      tile_key_block(&t, &keys, attention, start);
    for (int m = 0; m < t.rows; m++) {
      const int64_t row = (first + m) / group, head = kv_head * group + (first + m) % group;
      const float sum = tk_fold_sum(t.sum[m]), inverse = 1 / sum;
      float *out = o + row * ldo + head * width;
      for (int64_t c = 0; c < width; c++) out[c] = t.out[m * t.padded + c] * inverse;
      if (lse != NULL)
        lse[row * attention->heads + head] = (float)((double)t.maximum[m] + tk_log((double)sum));
    }
  }
}
