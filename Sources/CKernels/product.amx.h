// The forward product with a bfloat16 weight on tiles, for those who ask for it by name: it rounds
// the activations to bfloat16, so its results are not those of the other instruction sets. It does so
// for one row as for many, and sums a row in one order: a row alone has the bits of a row in a batch.
//
// A tile of A is some rows by 32 of the depth, one of B the same depth by 16 columns in pairs, and one
// of C the rows by the columns, in float32.
#include <immintrin.h>

enum {
  AMX_DEPTH = 32,                        // of a tile
  AMX_BLOCKS = 8,                        // of rows, whose part of A is converted at a time
  AMX_A = TK_BLOCK_ROWS * TK_DEPTH,      // bfloat16 of one block and one step of the depth
  AMX_TILE_A = 0, AMX_TILE_B = 1, AMX_TILE_C = 2
};

static void amx_configure(int64_t rows) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shape = {.palette = 1};
  const uint8_t heights[3] = {(uint8_t)rows, AMX_DEPTH / 2, (uint8_t)rows};
  for (int i = 0; i < 3; i++) {
    shape.bytes[i] = 64;
    shape.rows[i] = heights[i];
  }
  _tile_loadconfig(&shape);
}

// A block [depth][rows] of float32 as [depth / 32][rows][32] of bfloat16, zeros behind the depth.
static void amx_pack_rows(uint16_t *to, const float *a, int64_t rows, int64_t depth) {
  memset(to, 0, (size_t)((depth + AMX_DEPTH - 1) / AMX_DEPTH * AMX_DEPTH * rows) * sizeof *to);
  for (int64_t k = 0; k < depth; k++)
    for (int64_t r = 0; r < rows; r++)
      to[(k / AMX_DEPTH * rows + r) * AMX_DEPTH + k % AMX_DEPTH] = tk_to_bfloat16(a[k * rows + r]);
}

// A panel [depth][16] of bfloat16 as pairs [depth / 2][16][2], zeros behind the depth.
static void amx_pack_panel(uint16_t *to, const uint16_t *panel, int64_t depth) {
  int64_t padded = (depth + AMX_DEPTH - 1) / AMX_DEPTH * AMX_DEPTH;
  for (int64_t k = 0; k < padded; k += 2)
    for (int64_t n = 0; n < TK_LANES; n++) {
      to[k * TK_LANES + 2 * n] = k < depth ? panel[k * TK_LANES + n] : 0;
      to[k * TK_LANES + 2 * n + 1] = k + 1 < depth ? panel[(k + 1) * TK_LANES + n] : 0;
    }
}

// c [rows, 16] = or += the product of a block and a panel.
static void amx_multiply(float *c, int64_t ldc, int from_c, const uint16_t *a, const uint16_t *b,
                         int64_t rows, int64_t depth) {
  if (from_c)
    _tile_loadd(AMX_TILE_C, c, (size_t)ldc * sizeof *c);
  else
    _tile_zero(AMX_TILE_C);
  for (int64_t k = 0; k < depth; k += AMX_DEPTH) {
    _tile_loadd(AMX_TILE_A, a + k * rows, AMX_DEPTH * sizeof *a);
    _tile_loadd(AMX_TILE_B, b + k * TK_LANES, 2 * TK_LANES * sizeof *b);
    _tile_dpbf16ps(AMX_TILE_C, AMX_TILE_A, AMX_TILE_B);
  }
  _tile_stored(AMX_TILE_C, c, (size_t)ldc * sizeof *c);
}

// product_tile, for TK_SUMS_CHAIN over panels of bfloat16.
static void product_tile_amx(const tk_tile *t) {
  uint16_t *a = (uint16_t *)t->scratch, *b = a + AMX_BLOCKS * AMX_A;
  const product_blocks cut = product_cut(t->rows, t->row_blocks);
  for (int64_t k = 0; k < t->depth; k += TK_DEPTH) {
    int64_t depth = t->depth - k < TK_DEPTH ? t->depth - k : TK_DEPTH;
    int from_c = !(t->overwrite && k == 0), last = t->first_k + k + depth == t->right->depth;
    for (int64_t block = 0; block < t->row_blocks; block += AMX_BLOCKS) {
      int64_t end = block + AMX_BLOCKS < t->row_blocks ? block + AMX_BLOCKS : t->row_blocks;
      for (int64_t i = block; i < end; i++) {
        int64_t row = product_first_row(cut, i), height = product_height(cut, i);
        amx_pack_rows(a + (i - block) * AMX_A, t->a + row * t->depth + k * height, height, depth);
      }
      for (int64_t j = 0; j < t->columns; j += TK_LANES) {
        int64_t column = t->first_column + j, count = t->columns - j;
        if (count > TK_LANES) count = TK_LANES;
        int64_t at = column * t->right->stride + (t->first_k + k) * TK_LANES;
        amx_pack_panel(b, (const uint16_t *)t->right->base + at, depth);
        for (int64_t i = block; i < end; i++) {
          int64_t row = product_first_row(cut, i), height = product_height(cut, i);
          float tile[TK_BLOCK_ROWS * TK_LANES] = {0}, *c = t->c + row * t->ldc + column;
          for (int64_t r = 0; from_c && r < height; r++)
            memcpy(tile + r * TK_LANES, c + r * t->ldc, (size_t)count * sizeof *c);
          amx_configure(height);
          amx_multiply(tile, TK_LANES, from_c, a + (i - block) * AMX_A, b, height, depth);
          for (int64_t r = 0; r < height; r++)
            for (int64_t n = 0; n < count; n++)
              c[r * t->ldc + n] = tile[r * TK_LANES + n] +
                                  (last && t->bias != NULL ? t->bias[column + n] : 0);
        }
      }
    }
  }
  _tile_release();
}
