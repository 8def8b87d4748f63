// Grouped-query causal attention over pages of 16 positions. Vaswani et al. 2017, "Attention Is
// All You Need"; Ainslie et al. 2023, "GQA" (arXiv:2305.13245); Kwon et al. 2023, "Efficient
// Memory Management for Large Language Model Serving with PagedAttention" (arXiv:2309.06180).
#include "attention.h"

#include <stdlib.h>

#include "dispatch.h"
#include "scratch.h"

// A piece is the rows of a span that share a page. first[s] is the number of pieces before span s.
typedef struct pieces {
  const tk_span *spans;
  int64_t span_count;
  int64_t *first;
} pieces;

typedef struct piece {
  const tk_span *span;
  int64_t row, rows, position;  // row counts from the span's first
} piece;

static pieces cut(const tk_span *spans, int64_t span_count) {
  pieces p = {spans, span_count, malloc((size_t)(span_count + 1) * sizeof(int64_t))};
  if (p.first == NULL) abort();
  p.first[0] = 0;
  for (int64_t s = 0; s < span_count; s++) {
    int64_t begin = spans[s].position, end = begin + spans[s].rows;
    int64_t pages = spans[s].rows == 0 ? 0 : (end - 1) / TK_PAGE - begin / TK_PAGE + 1;
    p.first[s + 1] = p.first[s] + pages;
  }
  return p;
}

static piece piece_at(const pieces *p, int64_t index) {
  int64_t low = 0, high = p->span_count;  // first[low] <= index < first[high]
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    if (p->first[middle] <= index)
      low = middle;
    else
      high = middle;
  }
  const tk_span *span = &p->spans[low];
  int64_t page = span->position / TK_PAGE + index - p->first[low];
  int64_t begin = page * TK_PAGE > span->position ? page * TK_PAGE : span->position;
  int64_t span_end = span->position + span->rows, page_end = (page + 1) * TK_PAGE;
  int64_t end = page_end < span_end ? page_end : span_end;
  return (piece){span, begin - span->position, end - begin, begin};
}

typedef struct write_work {
  const tk_pages *pages;
  pieces pieces;
  const float *k, *v;
  int64_t ld;
} write_work;

static void write_task(void *context, int64_t index) {
  const write_work *w = context;
  const piece p = piece_at(&w->pieces, index);
  const int64_t width = w->pages->width, slot = p.position % TK_PAGE;
  const int64_t row = (p.span->first_row + p.row) * w->ld;
  float *page = w->pages->base + p.span->table[p.position / TK_PAGE] * w->pages->page_stride;
  for (int64_t h = 0; h < w->pages->heads; h++) {
    float *keys = page + h * 2 * TK_PAGE * width, *values = keys + TK_PAGE * width;
    const float *k = w->k + row + h * width, *v = w->v + row + h * width;
    for (int64_t c = 0; c < width; c++)
      for (int64_t r = 0; r < p.rows; r++) keys[c * TK_PAGE + slot + r] = k[r * w->ld + c];
    for (int64_t r = 0; r < p.rows; r++)
      for (int64_t c = 0; c < width; c++) values[(slot + r) * width + c] = v[r * w->ld + c];
  }
}

void tk_pages_write(const tk_pages *pages, const tk_span *spans, int64_t span_count,
                    const float *k, const float *v, int64_t ldk) {
  write_work w = {pages, cut(spans, span_count), k, v, ldk};
  tk_parallel(w.pieces.first[span_count], write_task, &w);
  free(w.pieces.first);
}

typedef struct forward_work {
  float *o, *lse;
  int64_t ldo;
  const float *q;
  int64_t ldq;
  const tk_pages *pages;
  pieces pieces;
  const tk_attention *attention;
} forward_work;

static void forward_task(void *context, int64_t index) {
  const forward_work *w = context;
  const piece p = piece_at(&w->pieces, index / w->pages->heads);
  const int64_t row = p.span->first_row + p.row;
  tk_kernels()->attention_forward_block(
      w->o + row * w->ldo, w->ldo, w->lse == NULL ? NULL : w->lse + row * w->attention->heads,
      w->q + row * w->ldq, w->ldq, w->pages, p.span->table, p.position, p.rows,
      index % w->pages->heads, w->attention, tk_scratch(TK_ATTENTION_SCRATCH(w->pages->width)));
}

void tk_attention_forward(float *o, int64_t ldo, float *lse, const float *q, int64_t ldq,
                          const tk_pages *pages, const tk_span *spans, int64_t span_count,
                          const tk_attention *attention) {
  forward_work w = {o, lse, ldo, q, ldq, pages, cut(spans, span_count), attention};
  tk_parallel(w.pieces.first[span_count] * pages->heads, forward_task, &w);
  free(w.pieces.first);
}

typedef struct backward_work {
  float *dqkv;
  int64_t lddqkv;
  const float *qkv;
  int64_t ldqkv;
  const float *o, *dout;
  int64_t ldo;
  const float *lse;
  int64_t kv_heads, width;
  const tk_span *spans;
  const int64_t *first;  // family f is spans first[f] ... first[f + 1] - 1
  const tk_attention *attention;
} backward_work;

static void backward_task(void *context, int64_t index) {
  const backward_work *w = context;
  const int64_t first = w->first[index / w->kv_heads];
  const int64_t members = w->first[index / w->kv_heads + 1] - first;
  int64_t longest = 0;
  for (int64_t s = first; s < first + members; s++) {
    const int64_t end = w->spans[s].position + w->spans[s].rows;
    if (end > longest) longest = end;
  }
  tk_kernels()->attention_backward_block(
      w->dqkv, w->lddqkv, w->qkv, w->ldqkv, w->o, w->dout, w->ldo, w->lse, w->kv_heads, w->width,
      w->spans + first, members, longest, index % w->kv_heads, w->attention,
      tk_scratch(TK_ATTENTION_BACKWARD_SCRATCH(longest, w->width)));
}

void tk_attention_backward(float *dqkv, int64_t lddqkv, const float *qkv, int64_t ldqkv,
                           const float *o, const float *dout, int64_t ldo, const float *lse,
                           int64_t kv_heads, int64_t width, const tk_span *spans,
                           int64_t span_count, const tk_attention *attention) {
  int64_t *first = malloc((size_t)(span_count + 1) * sizeof(int64_t)), families = 0;
  if (first == NULL) abort();
  for (int64_t s = 0; s < span_count; s++)
    if (s == 0 || spans[s].position == 0) first[families++] = s;
  first[families] = span_count;
  backward_work w = {dqkv, lddqkv, qkv,   ldqkv, o,     dout,     ldo, lse, kv_heads,
                     width, spans, first, attention};
  tk_parallel(families * kv_heads, backward_task, &w);
  free(first);
}
