// Draws a token from one row of logits.
//
// Temperature, then top-k, top-p and min-p, each on what the one before it left, as the warpers
// of Hugging Face transformers do: top-k keeps every id that ties with the k-th largest; top-p
// keeps the shortest run of ids, most probable first and lower ids first among equals, whose
// probabilities (renormalised after top-k) reach top_p; min-p keeps ids of at least min_p times
// the largest probability. Fan et al. 2018 (arXiv:1805.04833); Holtzman et al. 2020
// (arXiv:1904.09751); Nguyen et al. 2024 (arXiv:2407.01082).
#include "sample.h"

typedef struct candidate {
  float value;
  int32_t id;
} candidate;

// z of 16 ids, -infinity behind the last.
TK_INLINE tk_vf scaled_logits(const float *logits, float inverse_temperature, int64_t v,
                              int64_t count) {
  tk_vf z = count - v >= TK_LANES ? tk_load(logits + v)
                                  : tk_load_part(logits + v, count - v, -INFINITY);
  return z * tk_splat(inverse_temperature);
}
// e^(z - M) as law_of has it.
TK_INLINE tk_vf law_weights(const float *logits, float inverse_temperature, float maximum,
                            int64_t v, int64_t count) {
  tk_vf x = count - v >= TK_LANES ? tk_load(logits + v)
                                  : tk_load_part(logits + v, count - v, -INFINITY);
  return tk_exp(law_shift(x, tk_splat(inverse_temperature), tk_splat(maximum)));
}

static int32_t first_maximum(const float *logits, int64_t count, float maximum) {
  for (int64_t v = 0; v < count; v += TK_LANES) {
    if (!tk_any(scaled_logits(logits, 1, v, count) == tk_splat(maximum))) continue;
    while (logits[v] != maximum) v++;
    return (int32_t)v;
  }
  return 0;
}

// The id whose share of the running sum holds `target`. An id of probability 0 is never drawn,
// nor one beyond the last, whatever the rounding.
static int32_t draw(const float *logits, float inverse_temperature, const softmax_law *law,
                    const double *running, double target, int64_t count) {
  const int64_t blocks = (count + LAW_BLOCK - 1) / LAW_BLOCK;
  int64_t block = 0, raised = 0;
  for (; block < blocks && !(running[block] > target); block++)
    if (running[block] > (block > 0 ? running[block - 1] : 0)) raised = block;
  if (block == blocks) block = raised;
  double sum = block > 0 ? running[block - 1] : 0;
  int32_t last = 0;
  const int64_t end = (block + 1) * LAW_BLOCK < count ? (block + 1) * LAW_BLOCK : count;
  for (int64_t v = block * LAW_BLOCK; v < end; v += TK_LANES) {
    float e[TK_LANES];
    tk_store(e, law_weights(logits, inverse_temperature, law->maximum, v, end));
    for (int64_t i = 0; i < TK_LANES; i++) {
      if (!(e[i] > 0)) continue;
      last = (int32_t)(v + i);
      sum += (double)e[i];
      if (sum > target) return last;
    }
  }
  return last;
}

// Heaps: `before(a, b)` says that a belongs nearer to the top.
static int smaller_value(candidate a, candidate b) { return a.value < b.value; }
static int more_probable(candidate a, candidate b) {
  return a.value > b.value || (a.value == b.value && a.id < b.id);
}
TK_INLINE void sift_down(candidate *heap, int64_t count, int64_t at,
                         int (*before)(candidate, candidate)) {
  for (int64_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], heap[at])) return;
    candidate moved = heap[at];
    heap[at] = heap[child];
    heap[child] = moved;
  }
}
TK_INLINE void make_heap(candidate *heap, int64_t count, int (*before)(candidate, candidate)) {
  for (int64_t i = count / 2 - 1; i >= 0; i--) sift_down(heap, count, i, before);
}

// The k-th largest z, k below count.
static float kth_largest(const float *logits, float inverse_temperature, int64_t count, int64_t k,
                         candidate *heap) {
  for (int64_t v = 0; v < k; v++) heap[v] = (candidate){logits[v] * inverse_temperature, 0};
  make_heap(heap, k, smaller_value);
  for (int64_t v = k; v < count; v += TK_LANES) {
    tk_vf z = scaled_logits(logits, inverse_temperature, v, count);
    if (!tk_any(z > tk_splat(heap[0].value))) continue;
    float values[TK_LANES];
    tk_store(values, z);
    for (int i = 0; i < TK_LANES; i++) {
      if (!(values[i] > heap[0].value)) continue;
      heap[0].value = values[i];
      sift_down(heap, k, 0, smaller_value);
    }
  }
  return heap[0].value;
}

// What top-k and top-p leave: z above `value`, or at it with an id of at most `id`.
typedef struct cut {
  float value;
  int32_t id;
} cut;

TK_INLINE int cut_keeps(cut c, float z, int64_t id) {
  return z > c.value || (z == c.value && id <= c.id);
}

// Widths of 1/64 nat below the maximum, from 0 to 128 nats.
enum { BUCKETS = TK_SAMPLE_BUCKETS };
TK_INLINE int32_t bucket_of(float z, float maximum) {
  const float below = (maximum - z) * 64;
  return below < (float)(BUCKETS - 1) ? (int32_t)below : BUCKETS - 1;
}

// Narrows `kept` to the top-p run of what it keeps. The mass in each bucket tells which bucket
// the run ends in; only that one's ids are put in order.
static cut top_p_cut(const float *logits, float inverse_temperature, const softmax_law *law,
                     float top_p, cut kept, int64_t count, double *mass, candidate *heap) {
  memset(mass, 0, BUCKETS * sizeof(double));
  double total = 0;
  for (int64_t v = 0; v < count; v += TK_LANES) {
    tk_vf z = scaled_logits(logits, inverse_temperature, v, count);
    if (!tk_any(z >= tk_splat(kept.value))) continue;
    float values[TK_LANES], e[TK_LANES];
    tk_store(values, z);
    tk_store(e, law_weights(logits, inverse_temperature, law->maximum, v, count));
    for (int64_t i = 0; i < TK_LANES; i++) {
      if (!(e[i] > 0) || !cut_keeps(kept, values[i], v + i)) continue;
      mass[bucket_of(values[i], law->maximum)] += (double)e[i];
      total += (double)e[i];
    }
  }
  const double wanted = (double)top_p * total;
  int32_t bucket = 0, last = 0;
  double sum = 0;
  for (; bucket < BUCKETS && sum + mass[bucket] < wanted; bucket++) {
    if (mass[bucket] > 0) last = bucket;
    sum += mass[bucket];
  }
  if (bucket == BUCKETS) bucket = last, sum -= mass[last];  // short of `wanted` by rounding

  int64_t length = 0;
  const tk_vf floor = tk_splat(law->maximum - (float)(bucket + 2) / 64);
  for (int64_t v = 0; v < count; v += TK_LANES) {
    tk_vf z = scaled_logits(logits, inverse_temperature, v, count);
    if (!tk_any((z >= floor) & (z >= tk_splat(kept.value)))) continue;
    float values[TK_LANES];
    tk_store(values, z);
    for (int64_t i = 0; i < tk_lanes_at(v, count); i++)
      if (cut_keeps(kept, values[i], v + i) && bucket_of(values[i], law->maximum) == bucket)
        heap[length++] = (candidate){values[i], (int32_t)(v + i)};
  }
  make_heap(heap, length, more_probable);
  cut c = kept;
  while (length > 0) {
    c = (cut){heap[0].value, heap[0].id};
    float e[TK_LANES];
    tk_store(e, law_weights(logits, inverse_temperature, law->maximum, c.id, c.id + 1));
    sum += (double)e[0];
    if (sum >= wanted) break;
    heap[0] = heap[--length];
    sift_down(heap, length, 0, more_probable);
  }
  return c;
}

// Draws from the truncated law; *logprob is the token's log-probability under it, as
// logprob_forward_row gives it for the row with every other logit at -infinity.
static int32_t draw_truncated(float *logprob, const float *logits, float inverse_temperature,
                              const softmax_law *law, const tk_sampling *sampling, double uniform,
                              int64_t count, double *mass, candidate *list) {
  cut kept = {-INFINITY, INT32_MAX};
  if (sampling->top_k > 0 && sampling->top_k < count)
    kept.value = kth_largest(logits, inverse_temperature, count, sampling->top_k, list);
  if (sampling->top_p < 1)
    kept = top_p_cut(logits, inverse_temperature, law, sampling->top_p, kept, count, mass, list);

  tk_vd sums = {0};
  int64_t length = 0;
  for (int64_t v = 0; v < count; v += TK_LANES) {
    tk_vf z = scaled_logits(logits, inverse_temperature, v, count);
    if (!tk_any(z >= tk_splat(kept.value))) continue;
    tk_vf weights = law_weights(logits, inverse_temperature, law->maximum, v, count);
    if (!tk_any(weights >= tk_splat(sampling->min_p))) continue;
    float values[TK_LANES], e[TK_LANES];
    tk_store(values, z);
    tk_store(e, weights);
    for (int64_t i = 0; i < TK_LANES; i++) {
      const int keep = cut_keeps(kept, values[i], v + i) && e[i] >= sampling->min_p;
      if (!keep) e[i] = 0;
      if (e[i] > 0) list[length++] = (candidate){e[i], (int32_t)(v + i)};
    }
    sums += tk_widen(tk_load(e));
  }
  const double total = tk_fold_sum_double(sums);
  int64_t chosen = 0;
  for (double sum = 0; chosen + 1 < length; chosen++) {
    sum += (double)list[chosen].value;
    if (sum > uniform * total) break;
  }
  const int32_t token = length > 0 ? list[chosen].id : 0;
  *logprob = (float)((double)(logits[token] * inverse_temperature) -
                     ((double)law->maximum + tk_log(total)));
  return token;
}

static void sample_row(int32_t *token, float *behaviour, float *old, float *entropy,
                       double *lse, const float *logits, double uniform,
                       const tk_sampling *sampling, int64_t allowed, float *scratch) {
  const int greedy = sampling->temperature == 0;
  const float inverse = greedy ? 1 : 1 / sampling->temperature;
  const int truncated = (sampling->top_k > 0 && sampling->top_k < allowed) ||
                        sampling->top_p < 1 || sampling->min_p > 0;
  double *running = (double *)scratch;
  double *mass = running + (allowed + LAW_BLOCK - 1) / LAW_BLOCK;
  candidate *list = (candidate *)(mass + BUCKETS);
  const softmax_law law = law_of(logits, inverse, allowed, running);
  if (greedy)
    *token = first_maximum(logits, allowed, law.maximum);
  else if (truncated)
    *token = draw_truncated(behaviour, logits, inverse, &law, sampling, uniform, allowed, mass,
                            list);
  else
    *token = draw(logits, inverse, &law, running, uniform * law.sum, allowed);
  *old = law_logprob(&law, logits[*token], inverse);
  *entropy = law_entropy(&law);
  *lse = law_lse(&law);
  if (greedy || !truncated) *behaviour = *old;
}
