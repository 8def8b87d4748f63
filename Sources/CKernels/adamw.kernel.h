// Where it keeps, the weights as they were take the place of the gradient, and *squares becomes the
// sum of squares of what was added to them.
TK_INLINE void adamw_move(float *theta, float *m, float *v, const float *g, float *old,
                          const tk_adamw_step *step, double *squares, int64_t count) {
  const tk_vf beta1 = tk_splat((float)step->beta1), rest1 = tk_splat((float)(1 - step->beta1));
  const tk_vf beta2 = tk_splat((float)step->beta2), rest2 = tk_splat((float)(1 - step->beta2));
  const tk_vf rate = tk_splat((float)(step->learning_rate / step->correction1));
  const tk_vf root = tk_splat((float)(1 / sqrt(step->correction2)));
  const tk_vf epsilon = tk_splat((float)step->epsilon);
  const tk_vf shrink = tk_splat((float)(1 - step->learning_rate * step->decay));
  const tk_vf scale = tk_splat(step->gradient_scale);
  tk_vd sums = {0};
  for (int64_t i = 0; i < count; i += TK_LANES) {
    const int64_t lanes = tk_lanes_at(i, count);
    tk_vf gradient = tk_load_lanes(g + i, lanes) * scale;
    tk_vf first = tk_fma(beta1, tk_load_lanes(m + i, lanes), rest1 * gradient);
    tk_vf second = tk_fma(beta2, tk_load_lanes(v + i, lanes), rest2 * (gradient * gradient));
    tk_vf update = first / tk_fma(tk_root(second), root, epsilon);
    tk_vf before = tk_load_lanes(theta + i, lanes);
    tk_vf after = tk_fma(-rate, update, before * shrink);
    tk_store_lanes(m + i, first, lanes);
    tk_store_lanes(v + i, second, lanes);
    tk_store_lanes(theta + i, after, lanes);
    if (old == NULL) continue;
    tk_store_lanes(old + i, before, lanes);
    tk_vd change = tk_widen(after) - tk_widen(before);
    sums += change * change;
  }
  if (old != NULL) *squares = tk_fold_sum_double(sums);
}

static void adamw_block(float *theta, float *m, float *v, const float *g,
                        const tk_adamw_step *step, int64_t count) {
  adamw_move(theta, m, v, g, NULL, step, NULL, count);
}

static void adamw_keeping_block(float *theta, float *m, float *v, float *g,
                                const tk_adamw_step *step, double *squares, int64_t count) {
  adamw_move(theta, m, v, g, g, step, squares, count);
}

static void between_block(float *y, const float *from, const float *to, float share,
                          int64_t count) {
  const tk_vf part = tk_splat(share);
  for (int64_t i = 0; i < count; i += TK_LANES) {
    const int64_t lanes = tk_lanes_at(i, count);
    tk_vf start = tk_load_lanes(from + i, lanes);
    tk_store_lanes(y + i, tk_fma(part, tk_load_lanes(to + i, lanes) - start, start), lanes);
  }
}

static void sum_of_squares_block(double *sum, const float *x, int64_t count) {
  tk_vd sums = {0};
  for (int64_t i = 0; i < count; i += TK_LANES) {
    tk_vd v = tk_widen(tk_load_lanes(x + i, tk_lanes_at(i, count)));
    sums += v * v;  // the product of two floats is exact in double
  }
  *sum = tk_fold_sum_double(sums);
}

// *first: the index of the first NaN or infinity, or -1.
static void first_nonfinite_block(int64_t *first, const float *x, int64_t count) {
  *first = -1;
  for (int64_t i = 0; i < count; i += TK_LANES) {
    tk_vf v = tk_load_lanes(x + i, tk_lanes_at(i, count));
    tk_vi bad = ((tk_vi)v & 0x7f800000) == 0x7f800000;
    if (!tk_any(bad)) continue;
    int32_t lanes[TK_LANES];
    memcpy(lanes, &bad, sizeof lanes);
    int64_t lane = 0;
    while (!lanes[lane]) lane++;
    *first = i + lane;
    return;
  }
}
