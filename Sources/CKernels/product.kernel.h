// One panel of 16 outputs for `rows` rows: each output a chain of fma over k.
static void product_panel(float *y, int64_t ldy, const float *x, int64_t ldx, const void *panel,
                          tk_dtype dtype, int64_t inputs, const float *bias, int64_t rows,
                          int64_t lanes) {
  for (int64_t r = 0; r < rows; r++) {
    tk_vf sum = tk_splat(0);
    for (int64_t k = 0; k < inputs; k++) {
      tk_vf w;
      if (dtype == TK_BFLOAT16) {
        typedef uint16_t halves __attribute__((vector_size(32)));
        halves h;
        memcpy(&h, (const uint16_t *)panel + k * TK_LANES, sizeof h);
        tk_vi bits = __builtin_convertvector(h, tk_vi) << 16;
        memcpy(&w, &bits, sizeof w);
      } else {
        w = tk_load((const float *)panel + k * TK_LANES);
      }
      sum = tk_fma(tk_splat(x[r * ldx + k]), w, sum);
    }
    if (bias != NULL) sum = sum + tk_load_part(bias, lanes, 0);
    tk_store_part(y + r * ldy, sum, lanes);
  }
}
