// The compute copy of a weight matrix: panels of 16 outputs, float32 or bfloat16.
#include "bfloat16.h"
#include "dispatch.h"

size_t tk_weight_bytes(int64_t outputs, int64_t inputs, tk_dtype dtype) {
  int64_t panels = (outputs + TK_LANES - 1) / TK_LANES;
  return (size_t)(panels * TK_LANES * inputs) * (dtype == TK_BFLOAT16 ? 2 : 4);
}

typedef struct work {
  const tk_weight *w;
  float *rows;  // row `first` of the row-major matrix
  int64_t first, count;
} work;

// Each task owns a panel, or the part of it that lies in the range.
static void pack_panel(void *context, int64_t index) {
  const work *t = context;
  const tk_weight *w = t->w;
  int64_t panel = t->first / TK_LANES + index, end = t->first + t->count;
  for (int64_t lane = 0; lane < TK_LANES; lane++) {
    int64_t n = panel * TK_LANES + lane;
    int padding = n >= w->outputs && end == w->outputs;
    if (!padding && (n < t->first || n >= end)) continue;
    const float *row = t->rows + (n - t->first) * w->inputs;
    int64_t base = panel * w->inputs * TK_LANES + lane;
    for (int64_t k = 0; k < w->inputs; k++) {
      float value = padding ? 0 : row[k];
      if (w->dtype == TK_BFLOAT16)
        ((uint16_t *)w->panels)[base + k * TK_LANES] = tk_to_bfloat16(value);
      else
        ((float *)w->panels)[base + k * TK_LANES] = value;
    }
  }
}

static void unpack_panel(void *context, int64_t index) {
  const work *t = context;
  const tk_weight *w = t->w;
  int64_t panel = t->first / TK_LANES + index, end = t->first + t->count;
  for (int64_t lane = 0; lane < TK_LANES; lane++) {
    int64_t n = panel * TK_LANES + lane;
    if (n < t->first || n >= end) continue;
    float *row = t->rows + (n - t->first) * w->inputs;
    for (int64_t k = 0; k < w->inputs; k++) row[k] = tk_weight_element(w, n, k);
  }
}

static int64_t panels_touched(int64_t first, int64_t count) {
  return count == 0 ? 0 : (first + count - 1) / TK_LANES - first / TK_LANES + 1;
}

void tk_weight_pack(const tk_weight *w, int64_t first, int64_t count, const float *rows) {
  work t = {w, (float *)rows, first, count};
  tk_parallel(panels_touched(first, count), pack_panel, &t);
}

void tk_weight_unpack(const tk_weight *w, int64_t first, int64_t count, float *rows) {
  work t = {w, rows, first, count};
  tk_parallel(panels_touched(first, count), unpack_panel, &t);
}
