// Turns each pair (m, m + width/2) by its row's angle; `direction` is 1, or -1 for the transpose.
static void rope_block(float *x, int64_t ldx, const float *cosine, const float *sine,
                       const int32_t *positions, int64_t rows, int64_t heads, int64_t width,
                       float direction) {
  const int64_t half = width / 2;
  for (int64_t r = 0; r < rows; r++) {
    const float *cosines = cosine + positions[r] * half, *sines = sine + positions[r] * half;
    for (int64_t h = 0; h < heads; h++) {
      float *low = x + r * ldx + h * width, *high = low + half;
      for (int64_t m = 0; m < half; m += TK_LANES) {
        int64_t lanes = tk_lanes_at(m, half);
        tk_vf c = tk_load_lanes(cosines + m, lanes);
        tk_vf s = tk_load_lanes(sines + m, lanes) * tk_splat(direction);
        tk_vf a = tk_load_lanes(low + m, lanes), b = tk_load_lanes(high + m, lanes);
        tk_store_lanes(low + m, tk_fma(a, c, -(b * s)), lanes);
        tk_store_lanes(high + m, tk_fma(b, c, a * s), lanes);
      }
    }
  }
}
