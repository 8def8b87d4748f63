static void add_block(float *y, const float *x, const float *branch, int64_t count) {
  int64_t i = 0;
  for (; i + TK_LANES <= count; i += TK_LANES)
    tk_store(y + i, tk_load(x + i) + tk_load(branch + i));
  for (; i < count; i++) y[i] = x[i] + branch[i];
}
