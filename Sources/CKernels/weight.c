// The compute copy of a weight matrix: panels of 16 outputs, float32, bfloat16 or int8.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "dispatch.h"
#include "weight.h"

size_t tk_weight_bytes(int64_t outputs, int64_t inputs, tk_dtype dtype) {
  int64_t panels = (outputs + TK_LANES - 1) / TK_LANES;
  if (dtype == TK_INT8)
    return (size_t)(panels * tk_blocks(inputs)) * (TK_BLOCK_BYTES + TK_LANES * sizeof(uint16_t));
  return (size_t)(panels * TK_LANES * inputs) * (dtype == TK_BFLOAT16 ? 2 : 4);
}

void tk_weight_prepare(const tk_weight *w) {
#if defined(MADV_HUGEPAGE)
  size_t bytes = tk_weight_bytes(w->outputs, w->inputs, w->dtype);
  uintptr_t begin = ((uintptr_t)w->panels + 4095) & ~(uintptr_t)4095;
  uintptr_t end = ((uintptr_t)w->panels + bytes) & ~(uintptr_t)4095;
  if (end > begin) madvise((void *)begin, end - begin, MADV_HUGEPAGE);  // a wish, no more
#endif
}

typedef struct work {
  const tk_weight *w;
  float *rows;  // row `first` of the row-major matrix
  int64_t first, end;
} work;

// Panel `index` of those that the range touches: its memory, its number of rows in W, and those
// of its rows that lie in the range.
typedef struct part {
  void *panel;
  int64_t row, lanes, begin, end;
} part;

static part part_of(const work *t, int64_t index) {
  const tk_weight *w = t->w;
  int64_t row = (t->first / TK_LANES + index) * TK_LANES;
  int64_t left = w->outputs - row;
  part p = {.row = row, .lanes = left < TK_LANES ? left : TK_LANES};
  p.panel = (char *)w->panels + row * w->inputs * (w->dtype == TK_BFLOAT16 ? 2 : 4);
  p.begin = t->first > row ? t->first - row : 0;
  p.end = t->end - row < p.lanes ? t->end - row : p.lanes;
  return p;
}

static void pack(void *context, int64_t index) {
  const work *t = context;
  const tk_weight *w = t->w;
  part p = part_of(t, index);
  if (w->dtype == TK_INT8) {
    for (int64_t n = p.row + p.begin; n < p.row + p.end; n++)
      tk_kernels()->quantized_pack_output(w, n, t->rows + (n - t->first) * w->inputs);
    return;
  }
  if (p.begin == 0 && p.end == p.lanes) {
    const float *rows = t->rows + (p.row - t->first) * w->inputs;
    tk_kernels()->weight_pack_panel(p.panel, w->dtype, rows, p.lanes, w->inputs);
    return;
  }
  // Some rows of a panel: the others stay, and so does the padding once it is zero.
  for (int64_t lane = p.begin; lane < TK_LANES; lane++) {
    if (lane >= p.end && lane < p.lanes) continue;
    int64_t row = (p.row + lane - t->first) * w->inputs;
    for (int64_t k = 0; k < w->inputs; k++) {
      float value = lane < p.lanes ? t->rows[row + k] : 0;
      if (w->dtype == TK_BFLOAT16)
        ((uint16_t *)p.panel)[k * TK_LANES + lane] = tk_to_bfloat16(value);
      else
        ((float *)p.panel)[k * TK_LANES + lane] = value;
    }
  }
}

static void unpack(void *context, int64_t index) {
  const work *t = context;
  const tk_weight *w = t->w;
  part p = part_of(t, index);
  if (w->dtype != TK_INT8 && p.begin == 0 && p.end == p.lanes) {
    float *rows = t->rows + (p.row - t->first) * w->inputs;
    tk_kernels()->weight_unpack_panel(rows, p.panel, w->dtype, p.lanes, w->inputs);
    return;
  }
  for (int64_t lane = p.begin; lane < p.end; lane++) {
    float *row = t->rows + (p.row + lane - t->first) * w->inputs;
    for (int64_t k = 0; k < w->inputs; k++) row[k] = tk_weight_element(w, p.row + lane, k);
  }
}

static int64_t panels_touched(const work *t) {
  return t->end == t->first ? 0 : (t->end - 1) / TK_LANES - t->first / TK_LANES + 1;
}

void tk_weight_pack(const tk_weight *w, int64_t first, int64_t count, const float *rows) {
  work t = {w, (float *)rows, first, first + count};
  tk_parallel(panels_touched(&t), pack, &t);
}

void tk_weight_unpack(const tk_weight *w, int64_t first, int64_t count, float *rows) {
  work t = {w, rows, first, first + count};
  tk_parallel(panels_touched(&t), unpack, &t);
}
