// The log-probability of a token under softmax(z), z = logits / temperature, and the entropy.
//
//   M = max z;  S = sum e^(z - M);  lse = M + log S;  H = log S - sum e^(z - M) (z - M) / S
//
// S and the sum in H are double. Logits of -infinity have probability 0 and add nothing.

typedef struct softmax_law {
  float maximum;
  double sum, log_sum, weighted;  // S, log S, sum e^(z - M) (z - M)
} softmax_law;

enum { LAW_BLOCK = 1024 };  // ids in a block of the running sums

// z - M, bounded below, where its exponential has long been 0, so that 0 times it is 0.
TK_INLINE tk_vf law_shift(tk_vf logits, tk_vf inverse_temperature, tk_vf maximum) {
  tk_vf shifted = logits * inverse_temperature - maximum;
  return tk_select(shifted < tk_splat(-128), tk_splat(-128), shifted);
}

static float row_maximum(const float *logits, int64_t count) {
  const int64_t whole = count / (4 * TK_LANES) * (4 * TK_LANES);
  tk_vf m[4];
  for (int u = 0; u < 4; u++) m[u] = tk_splat(-INFINITY);
  for (int64_t v = 0; v < whole; v += 4 * TK_LANES)
    for (int u = 0; u < 4; u++) m[u] = tk_max(tk_load(logits + v + u * TK_LANES), m[u]);
  for (int64_t v = whole; v < count; v += TK_LANES)
    m[0] = tk_max(tk_load_part(logits + v, tk_lanes_at(v, count), -INFINITY), m[0]);
  return tk_fold_max(tk_max(tk_max(m[0], m[1]), tk_max(m[2], m[3])));
}

// running [ceil(count / LAW_BLOCK)] or NULL: S over the ids up to the end of each block. It never
// falls, because each of the 16 partial sums never does.
static softmax_law law_of(const float *logits, float inverse_temperature, int64_t count,
                          double *running) {
  softmax_law law = {.maximum = row_maximum(logits, count) * inverse_temperature};
  const tk_vf inverse = tk_splat(inverse_temperature), maximum = tk_splat(law.maximum);
  tk_vd sum = {0}, weighted = {0};
  for (int64_t block = 0; block * LAW_BLOCK < count; block++) {
    const int64_t end = (block + 1) * LAW_BLOCK < count ? (block + 1) * LAW_BLOCK : count;
    int64_t v = block * LAW_BLOCK;
    for (; v + TK_LANES <= end; v += TK_LANES) {
      tk_vf shifted = law_shift(tk_load(logits + v), inverse, maximum);
      tk_vd e = tk_widen(tk_exp(shifted));
      sum += e;
      weighted += e * tk_widen(shifted);
    }
    if (v < end) {
      tk_vf last = tk_load_part(logits + v, end - v, -INFINITY);
      tk_vf shifted = law_shift(last, inverse, maximum);
      tk_vd e = tk_widen(tk_exp(shifted));
      sum += e;
      weighted += e * tk_widen(shifted);
    }
    if (running != NULL) running[block] = tk_fold_sum_double(sum);
  }
  law.sum = tk_fold_sum_double(sum);
  law.weighted = tk_fold_sum_double(weighted);
  law.log_sum = tk_log(law.sum);
  return law;
}

TK_INLINE double law_lse(const softmax_law *law) { return (double)law->maximum + law->log_sum; }
TK_INLINE float law_entropy(const softmax_law *law) {
  return (float)(law->log_sum - law->weighted / law->sum);
}
TK_INLINE float law_logprob(const softmax_law *law, float logit, float inverse_temperature) {
  return (float)((double)(logit * inverse_temperature) - law_lse(law));
}

static void logprob_forward_row(float *logprob, float *entropy, double *lse, const float *logits,
                                int32_t token, float inverse_temperature, int64_t allowed) {
  const softmax_law law = law_of(logits, inverse_temperature, allowed, NULL);
  if (logprob != NULL) *logprob = law_logprob(&law, logits[token], inverse_temperature);
  if (entropy != NULL) *entropy = law_entropy(&law);
  if (lse != NULL) *lse = law_lse(&law);
}

// Every id's log-probability as law_logprob has that of one.
static void logprob_row_block(float *logprobs, const float *logits, double lse,
                              float inverse_temperature, int64_t count) {
  const tk_vf inverse = tk_splat(inverse_temperature);
  for (int64_t v = 0; v < count; v += TK_LANES) {
    int64_t lanes = tk_lanes_at(v, count);
    tk_vd z = tk_widen(tk_load_lanes(logits + v, lanes) * inverse);
    tk_store_lanes(logprobs + v, __builtin_convertvector(z - lse, tk_vf), lanes);
  }
}

// d/dz of dlogprob * logprob + dentropy * H is dlogprob (1[v = token] - p) - dentropy p (l + H),
// l = z - lse.
static void logprob_backward_row(float *dlogits, const float *logits, int32_t token,
                                 float dlogprob, float dentropy, double lse, float entropy,
                                 float inverse_temperature, int64_t allowed, int64_t columns) {
  if (dlogprob == 0 && dentropy == 0) {
    memset(dlogits, 0, (size_t)columns * sizeof(float));
    return;
  }
  const float high = (float)lse, low = (float)(lse - (double)high);
  const tk_vf inverse = tk_splat(inverse_temperature), vhigh = tk_splat(high), vlow = tk_splat(low);
  const tk_vf a = tk_splat(-dlogprob * inverse_temperature);
  const tk_vf b = tk_splat(-dentropy * inverse_temperature), ventropy = tk_splat(entropy);
  for (int64_t v = 0; v < allowed; v += TK_LANES) {
    int64_t lanes = tk_lanes_at(v, allowed);
    tk_vf l = law_shift(tk_load_lanes(logits + v, lanes), inverse, vhigh) - vlow;
    tk_store_lanes(dlogits + v, tk_exp(l) * tk_fma(b, l + ventropy, a), lanes);
  }
  dlogits[token] = dlogits[token] + dlogprob * inverse_temperature;
  memset(dlogits + allowed, 0, (size_t)(columns - allowed) * sizeof(float));
}

// y += scale * x; whether every x is finite.
static void add_scaled_block(float *y, const float *x, float scale, int64_t count, int *finite) {
  const tk_vf factor = tk_splat(scale);
  tk_vi bad = {0};
  for (int64_t i = 0; i < count; i += TK_LANES) {
    int64_t lanes = tk_lanes_at(i, count);
    tk_vf added = tk_load_lanes(x + i, lanes);
    bad |= added - added != tk_splat(0);
    tk_store_lanes(y + i, tk_fma(added, factor, tk_load_lanes(y + i, lanes)), lanes);
  }
  *finite = !tk_any(bad);
}
