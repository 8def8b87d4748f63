// Numbers to bytes and products of bytes: see quantized.h.
#include "bfloat16.h"
#include "product.h"
#include "quantized.h"
#include "weight.vector.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Rounds to the nearest whole number, halves to even; |v| below 2^22.
TK_INLINE tk_vi quantized_nearest(tk_vf v) {
  const float magic = 0x1.8p23f;
  tk_vf moved = v + tk_splat(magic);
  tk_vi bits, zero;
  tk_vf origin = tk_splat(magic);
  memcpy(&bits, &moved, sizeof bits);
  memcpy(&zero, &origin, sizeof zero);
  return bits - zero;
}

typedef struct quantized_block {
  tk_vf low, high;  // 16 numbers each
  float most;       // the largest magnitude
  float poison;     // 0, or NaN where a number is not finite
} quantized_block;

TK_INLINE quantized_block quantized_read(const float *x, int64_t count) {
  quantized_block b;
  b.low = count >= TK_LANES ? tk_load(x) : tk_load_part(x, count, 0);
  b.high = count >= TK_BLOCK   ? tk_load(x + TK_LANES)
           : count > TK_LANES ? tk_load_part(x + TK_LANES, count - TK_LANES, 0)
                              : tk_splat(0);
  tk_vf low = __builtin_elementwise_abs(b.low), high = __builtin_elementwise_abs(b.high);
  tk_vi larger = low > high;
  tk_vf most;
  tk_vi bits_low, bits_high, chosen;
  memcpy(&bits_low, &low, sizeof low);
  memcpy(&bits_high, &high, sizeof high);
  chosen = (bits_low & larger) | (bits_high & ~larger);
  memcpy(&most, &chosen, sizeof most);
  b.most = tk_fold_max(most);
  b.poison = tk_fold_sum((b.low + b.high) * tk_splat(0));
  return b;
}

// The whole numbers of x / scale, one a byte.
TK_INLINE void quantized_bytes(int8_t *bytes, const quantized_block *b, float inverse) {
  typedef int8_t bytes_of_16 __attribute__((vector_size(16)));
  bytes_of_16 low = __builtin_convertvector(quantized_nearest(b->low * tk_splat(inverse)),
                                            bytes_of_16);
  bytes_of_16 high = __builtin_convertvector(quantized_nearest(b->high * tk_splat(inverse)),
                                             bytes_of_16);
  memcpy(bytes, &low, sizeof low);
  memcpy(bytes + TK_LANES, &high, sizeof high);
}

// Smaller magnitudes count as 0, so that no scale is subnormal.
static const float quantized_least = 0x1p-100f;

// Output `n` of the weight, from its row of W.
static void quantized_pack_output(const tk_weight *w, int64_t n, const float *row) {
  for (int64_t block = 0; block < tk_blocks(w->inputs); block++) {
    quantized_block b = quantized_read(row + block * TK_BLOCK, w->inputs - block * TK_BLOCK);
    // bfloat16, rounded up so that no number is beyond the last level.
    float exact = b.most / TK_LEVELS;
    uint32_t bits;
    memcpy(&bits, &exact, sizeof bits);
    uint16_t scale = b.most < quantized_least ? 0 : (uint16_t)((bits + 0xffff) >> 16);
    if (b.poison != b.poison) scale = 0x7fc0;  // NaN
    tk_quantized_scales(w, n, block)[n % TK_LANES] = scale;
    int8_t bytes[TK_BLOCK];
    quantized_bytes(bytes, &b, scale == 0 ? 0 : 1 / tk_from_bfloat16(scale));
    uint8_t *to = tk_quantized_block(w, n, block) + n % TK_LANES * TK_QUAD;
    for (int quad = 0; quad < TK_QUADS; quad++) {
      uint32_t four;
      memcpy(&four, bytes + quad * TK_QUAD, sizeof four);
      four ^= 0x80808080u;  // + 128
      memcpy(to + quad * TK_LANES * TK_QUAD, &four, sizeof four);
    }
  }
}

// `rows` rows of activations as a tile reads them.
static void quantized_pack_rows(int32_t *packed, const float *x, int64_t ldx, int64_t rows,
                                int64_t inputs) {
  for (int64_t block = 0; block < tk_blocks(inputs); block++) {
    tk_quantized_rows to = tk_quantized_rows_at(packed, rows, block);
    for (int64_t r = 0; r < rows; r++) {
      quantized_block b =
          quantized_read(x + r * ldx + block * TK_BLOCK, inputs - block * TK_BLOCK);
      int8_t bytes[TK_BLOCK];
      quantized_bytes(bytes, &b, b.most < quantized_least ? 0 : TK_LEVELS / b.most);
      to.scales[r] = b.most < quantized_least ? b.poison : b.most / TK_LEVELS + b.poison;
      int32_t sum = 0;
      for (int i = 0; i < TK_BLOCK; i++) sum += bytes[i];
      to.starts[r] = -128 * sum;
      for (int quad = 0; quad < TK_QUADS; quad++)
        memcpy(to.quads + quad * rows + r, bytes + quad * TK_QUAD, TK_QUAD);
    }
  }
}

// sum[n] += w[n, 0] x[0] + ... + w[n, 3] x[3] of 16 outputs n, where x are the bytes of `quad`.
#if defined(TK_VNNI_BLOCKS)
TK_INLINE tk_vi quantized_start(int32_t start) {
  return (tk_vi)_mm512_set1_epi32(start);
}
TK_INLINE tk_vi quantized_dot(tk_vi sum, const uint8_t *w, int32_t quad) {
  return (tk_vi)_mm512_dpbusd_epi32((__m512i)sum, _mm512_loadu_si512(w), _mm512_set1_epi32(quad));
}
#elif defined(TK_AVX2_BLOCKS) || defined(TK_AVX512_BLOCKS)
// Magnitudes of x by numbers w that took its signs: two such products fit in 16 bits.
TK_INLINE tk_vi quantized_start(int32_t start) {
  (void)start;
  return (tk_vi){0};
}
TK_INLINE tk_vi quantized_dot(tk_vi sum, const uint8_t *w, int32_t quad) {
  __m256i x = _mm256_set1_epi32(quad), size = _mm256_abs_epi8(x), half[2];
  for (int i = 0; i < 2; i++) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)w + i);
    bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8((char)0x80));
    __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(bytes, x));
    half[i] = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
  tk_vi add;
  memcpy(&add, half, sizeof add);
  return sum + add;
}
#else
TK_INLINE tk_vi quantized_start(int32_t start) {
  (void)start;
  return (tk_vi){0};
}
TK_INLINE tk_vi quantized_dot(tk_vi sum, const uint8_t *w, int32_t quad) {
  int8_t x[TK_QUAD];
  int32_t sums[TK_LANES];
  memcpy(x, &quad, sizeof x);
  memcpy(sums, &sum, sizeof sums);
  for (int lane = 0; lane < TK_LANES; lane++)
    for (int i = 0; i < TK_QUAD; i++) sums[lane] += (w[lane * TK_QUAD + i] - 128) * x[i];
  memcpy(&sum, sums, sizeof sum);
  return sum;
}
#endif

// How far ahead the bytes of few rows are fetched.
enum { QUANTIZED_AHEAD = 4096 };

// `rows` rows by `panels` panels, `blocks` blocks each, into sums[rows][panels].
TK_INLINE void quantized_multiply(const int rows, const int panels, tk_vf (*sums)[TK_PANELS],
                                  int32_t *a, const uint8_t *w, const uint16_t *scales,
                                  int64_t blocks) {
  tk_vf chain[TK_QUANTIZED_ROWS][TK_PANELS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) chain[r][p] = tk_splat(0);
#pragma clang loop unroll(disable)
  for (int64_t block = 0; block < blocks; block++) {
    tk_quantized_rows x = tk_quantized_rows_at(a, rows, block);
    tk_vi whole[TK_QUANTIZED_ROWS][TK_PANELS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) whole[r][p] = quantized_start(x.starts[r]);
#pragma clang loop unroll(full)
    for (int quad = 0; quad < TK_QUADS; quad++)
#pragma clang loop unroll(full)
      for (int p = 0; p < panels; p++) {
        const uint8_t *bytes =
            w + (p * blocks + block) * TK_BLOCK_BYTES + quad * TK_QUAD * TK_LANES;
        if (rows <= 2) __builtin_prefetch(bytes + QUANTIZED_AHEAD, 0, 2);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
          whole[r][p] = quantized_dot(whole[r][p], bytes, x.quads[quad * rows + r]);
      }
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) {
      tk_vf scale = tk_load_weight(scales, TK_BFLOAT16, (p * blocks + block) * TK_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++)
        chain[r][p] = tk_fma(tk_splat(x.scales[r]) * scale,
                             __builtin_convertvector(whole[r][p], tk_vf), chain[r][p]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int p = 0; p < panels; p++) sums[r][p] = chain[r][p];
}

// The most panels for each number of rows, so that the sums fit in the registers.
#if defined(TK_VNNI_BLOCKS)
enum { QUANTIZED_ROWS = TK_QUANTIZED_ROWS };
static const int64_t quantized_panels[] = {0, 4, 4, 4, 3, 2, 2, 2, 1};
#define QUANTIZED_CASES(K) \
  K(1, 1) K(1, 2) K(1, 3) K(1, 4) K(2, 1) K(2, 2) K(2, 3) K(2, 4) K(3, 1) K(3, 2) K(3, 3) \
  K(3, 4) K(4, 1) K(4, 2) K(4, 3) K(5, 1) K(5, 2) K(6, 1) K(6, 2) K(7, 1) K(7, 2) K(8, 1)
#else
enum { QUANTIZED_ROWS = 3 };
static const int64_t quantized_panels[] = {0, 1, 1, 1};
#define QUANTIZED_CASES(K) K(1, 1) K(2, 1) K(3, 1)
#endif

static void quantized_tile(const tk_quantized_tile *t) {
  int64_t blocks = tk_blocks(t->weight->inputs);
  int64_t rows = (t->rows + t->row_blocks - 1) / t->row_blocks;  // of the larger blocks
  int64_t larger = t->rows - (rows - 1) * t->row_blocks;         // how many are larger
  for (int64_t j = 0; j < t->columns;) {
    int64_t column = t->first_column + j;
    int64_t left = (t->columns - j + TK_LANES - 1) / TK_LANES;
    int64_t panels = left < quantized_panels[rows] ? left : quantized_panels[rows];
    const uint8_t *w = tk_quantized_block(t->weight, column, 0);
    const uint16_t *scales = tk_quantized_scales(t->weight, column, 0);
    for (int64_t block = 0, row = 0; block < t->row_blocks; block++) {
      int64_t height = block < larger ? rows : rows - 1;
      int32_t *a = t->a + row * blocks * TK_QUANTIZED_ROW;
      tk_vf sums[TK_QUANTIZED_ROWS][TK_PANELS];
      switch (height * TK_QUANTIZED_ROWS + panels) {
#define QUANTIZED_CASE(R, P) \
  case R * TK_QUANTIZED_ROWS + P: quantized_multiply(R, P, sums, a, w, scales, blocks); break;
        QUANTIZED_CASES(QUANTIZED_CASE)
#undef QUANTIZED_CASE
      }
      for (int64_t r = 0; r < height; r++)
        for (int64_t p = 0; p < panels; p++) {
          int64_t at = j + p * TK_LANES, count = t->columns - at;
          if (count > TK_LANES) count = TK_LANES;
          tk_vf sum = sums[r][p];
          if (t->bias != NULL)
            sum = sum + tk_load_part(t->bias + t->first_column + at, count, 0);
          tk_store_part(t->c + (row + r) * t->ldc + t->first_column + at, sum, count);
        }
      row += height;
    }
    j += panels * TK_LANES;
  }
}
