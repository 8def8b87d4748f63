static void softcap_forward_block(float *z, float cap, int64_t count) {
  const tk_vf vcap = tk_splat(cap), inverse = tk_splat(1 / cap);
  for (int64_t i = 0; i < count; i += TK_LANES) {
    int64_t lanes = tk_lanes_at(i, count);
    tk_store_lanes(z + i, vcap * tk_tanh(tk_load_lanes(z + i, lanes) * inverse), lanes);
  }
}

static void softcap_backward_block(float *dz, const float *z, float cap, int64_t count) {
  const tk_vf inverse = tk_splat(1 / cap);
  for (int64_t i = 0; i < count; i += TK_LANES) {
    int64_t lanes = tk_lanes_at(i, count);
    tk_vf t = tk_load_lanes(z + i, lanes) * inverse;
    tk_store_lanes(dz + i, tk_load_lanes(dz + i, lanes) * tk_fma(-t, t, tk_splat(1)), lanes);
  }
}
