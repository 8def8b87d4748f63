// Loops that reach the machine's limits, to hold the other kernels against.
#if defined(TK_AVX512_BLOCKS)
enum { CEILING_CHAINS = 16 };
#else
enum { CEILING_CHAINS = 6 };
#endif

// `steps` x 64 fused multiply-adds of 16 lanes, in chains that the registers hold.
static void ceiling_multiply(float *sink, int64_t steps) {
  tk_vf sum[CEILING_CHAINS], x = tk_load(sink), w = tk_load(sink + TK_LANES);
#pragma clang loop unroll(full)
  for (int i = 0; i < CEILING_CHAINS; i++) sum[i] = tk_splat((float)i);
  for (int64_t done = 0; done < steps * 64; done += CEILING_CHAINS)
#pragma clang loop unroll(full)
    for (int i = 0; i < CEILING_CHAINS; i++) sum[i] = tk_fma(x, w, sum[i]);
#pragma clang loop unroll(full)
  for (int i = 1; i < CEILING_CHAINS; i++) sum[0] = sum[0] + sum[i];
  tk_store(sink, sum[0]);
}

// Reads `count` floats, a multiple of 64.
static void ceiling_read(float *sink, const float *x, int64_t count) {
  tk_vf sum[4] = {tk_splat(0), tk_splat(0), tk_splat(0), tk_splat(0)};
  for (int64_t i = 0; i < count; i += 64)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) sum[j] = sum[j] + tk_load(x + i + j * TK_LANES);
  tk_store(sink, sum[0] + sum[1] + sum[2] + sum[3]);
}
