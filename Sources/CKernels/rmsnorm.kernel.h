// Root-mean-square norm. Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".

static void rmsnorm_forward_block(float *y, int64_t ldy, float *rinv, const float *x, int64_t ldx,
                                  const float *gain, float offset, float eps, int64_t rows,
                                  int64_t heads, int64_t width) {
  const tk_vf voffset = tk_splat(offset);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t h = 0; h < heads; h++) {
      const float *in = x + r * ldx + h * width;
      float *out = y + r * ldy + h * width;
      tk_vf squares = tk_splat(0);
      for (int64_t c = 0; c < width; c += TK_LANES) {
        tk_vf v = tk_load_lanes(in + c, tk_lanes_at(c, width));
        squares = tk_fma(v, v, squares);
      }
      float inverse = 1 / sqrtf(tk_fold_sum(squares) / (float)width + eps);
      if (rinv != NULL) rinv[r * heads + h] = inverse;
      for (int64_t c = 0; c < width; c += TK_LANES) {
        int64_t lanes = tk_lanes_at(c, width);
        tk_vf xhat = tk_load_lanes(in + c, lanes) * tk_splat(inverse);
        tk_store_lanes(out + c, (voffset + tk_load_lanes(gain + c, lanes)) * xhat, lanes);
      }
    }
  }
}

// With xhat = x rinv and g = (offset + gain) dy: dx = rinv (g - xhat mean(g xhat)),
// dgain += dy xhat.
static void rmsnorm_backward_block(float *dx, int64_t lddx, float *dgain, const float *dy,
                                   int64_t lddy, const float *x, int64_t ldx, const float *rinv,
                                   const float *gain, float offset, int64_t rows, int64_t heads,
                                   int64_t width, int accumulate) {
  const tk_vf voffset = tk_splat(offset);
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t h = 0; h < heads; h++) {
      const float *in = x + r * ldx + h * width, *dout = dy + r * lddy + h * width;
      float *din = dx + r * lddx + h * width;
      const tk_vf inverse = tk_splat(rinv[r * heads + h]);
      tk_vf sum = tk_splat(0);
      for (int64_t c = 0; c < width; c += TK_LANES) {
        int64_t lanes = tk_lanes_at(c, width);
        tk_vf xhat = tk_load_lanes(in + c, lanes) * inverse, d = tk_load_lanes(dout + c, lanes);
        tk_vf g = (voffset + tk_load_lanes(gain + c, lanes)) * d;
        sum = tk_fma(g, xhat, sum);
        tk_store_lanes(dgain + c, tk_fma(d, xhat, tk_load_lanes(dgain + c, lanes)), lanes);
      }
      const tk_vf mean = tk_splat(tk_fold_sum(sum) / (float)width);
      for (int64_t c = 0; c < width; c += TK_LANES) {
        int64_t lanes = tk_lanes_at(c, width);
        tk_vf xhat = tk_load_lanes(in + c, lanes) * inverse;
        tk_vf g = (voffset + tk_load_lanes(gain + c, lanes)) * tk_load_lanes(dout + c, lanes);
        tk_vf d = inverse * tk_fma(-xhat, mean, g);
        if (accumulate) d += tk_load_lanes(din + c, lanes);
        tk_store_lanes(din + c, d, lanes);
      }
    }
  }
}
