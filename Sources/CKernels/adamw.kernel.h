static void adamw_block(float *theta, float *m, float *v, const float *g,
                        const tk_adamw_step *step, int64_t count) {
  const tk_vf beta1 = tk_splat((float)step->beta1), rest1 = tk_splat((float)(1 - step->beta1));
  const tk_vf beta2 = tk_splat((float)step->beta2), rest2 = tk_splat((float)(1 - step->beta2));
  const tk_vf rate = tk_splat((float)(step->learning_rate / step->correction1));
  const tk_vf root = tk_splat((float)(1 / sqrt(step->correction2)));
  const tk_vf epsilon = tk_splat((float)step->epsilon);
  const tk_vf shrink = tk_splat((float)(1 - step->learning_rate * step->decay));
  const tk_vf scale = tk_splat(step->gradient_scale);
  for (int64_t i = 0; i < count; i += TK_LANES) {
    const int64_t lanes = tk_lanes_at(i, count);
    tk_vf gradient = tk_load_lanes(g + i, lanes) * scale;
    tk_vf first = tk_fma(beta1, tk_load_lanes(m + i, lanes), rest1 * gradient);
    tk_vf second = tk_fma(beta2, tk_load_lanes(v + i, lanes), rest2 * (gradient * gradient));
    tk_vf update = first / tk_fma(tk_root(second), root, epsilon);
    tk_store_lanes(m + i, first, lanes);
    tk_store_lanes(v + i, second, lanes);
    tk_store_lanes(theta + i, tk_fma(-rate, update, tk_load_lanes(theta + i, lanes) * shrink),
                   lanes);
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
