static void figures_block(tk_figures *figures, const float *theta, const float *g, const float *v,
                          float spike, int64_t count) {
  tk_vd weights = {0}, squares = {0}, sums = {0}, alignment = {0};
  tk_vf top = {0};
  tk_vi spikes = {0};
  const tk_vf limit = tk_splat(spike);
  for (int64_t i = 0; i < count; i += TK_LANES) {
    const int64_t lanes = tk_lanes_at(i, count);
    const tk_vf gradient = tk_load_lanes(g + i, lanes);
    const tk_vf size = (tk_vf)((tk_vi)gradient & 0x7fffffff);
    const tk_vd x = tk_widen(gradient), w = tk_widen(tk_load_lanes(theta + i, lanes));
    weights += w * w;  // the product of two floats is exact in double
    squares += x * x;
    sums += tk_widen(size);
    alignment -= x * w;
    top = tk_max(size, top);
    if (v == NULL) continue;
    const tk_vf moment = tk_load_lanes(v + i, lanes);
    // What never had a gradient has no history to stand out of.
    spikes -= (gradient * gradient > limit * moment) & (moment > tk_splat(0));
  }
  *figures = (tk_figures){.weight_squares = tk_fold_sum_double(weights),
                          .gradient_squares = tk_fold_sum_double(squares),
                          .gradient_sum = tk_fold_sum_double(sums),
                          .gradient_max = tk_fold_max(top),
                          .alignment = tk_fold_sum_double(alignment),
                          .spikes = __builtin_reduce_add(spikes)};
}
