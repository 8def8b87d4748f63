// The two activations and their slopes.
//   SiLU: u / (1 + e^-u)
//   GELU in its tanh form: u/2 (1 + tanh(k (u + 0.044715 u^3))), k = sqrt(2/pi)

TK_INLINE tk_vf silu_sigmoid(tk_vf u) { return tk_splat(1) / (tk_splat(1) + tk_exp(-u)); }
TK_INLINE tk_vf gelu_tanh(tk_vf u) {
  tk_vf cubic = tk_fma(tk_splat(0.044715f), u * u, tk_splat(1));
  return tk_tanh((tk_splat(0.7978845608028654f) * u) * cubic);
}

TK_INLINE tk_vf activation_value(tk_vf u, tk_activation activation) {
  if (activation == TK_SILU) return u * silu_sigmoid(u);
  return (tk_splat(0.5f) * u) * (tk_splat(1) + gelu_tanh(u));
}
TK_INLINE tk_vf activation_slope(tk_vf u, tk_activation activation) {
  const tk_vf one = tk_splat(1), half = tk_splat(0.5f);
  if (activation == TK_SILU) {
    tk_vf sigmoid = silu_sigmoid(u);
    return sigmoid * tk_fma(u, one - sigmoid, one);
  }
  tk_vf t = gelu_tanh(u);
  tk_vf inner = tk_splat(0.7978845608028654f) * tk_fma(tk_splat(0.134145f), u * u, one);
  return tk_fma((half * u) * (one - t * t), inner, half * (one + t));
}

TK_INLINE void gated_forward(float *s, const float *gate_up, tk_activation activation,
                             int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    const float *gate = gate_up + r * 2 * width, *up = gate + width;
    for (int64_t c = 0; c < width; c += TK_LANES) {
      int64_t lanes = tk_lanes_at(c, width);
      tk_vf value = activation_value(tk_load_lanes(gate + c, lanes), activation);
      tk_store_lanes(s + r * width + c, value * tk_load_lanes(up + c, lanes), lanes);
    }
  }
}
static void gated_forward_block(float *s, const float *gate_up, tk_activation activation,
                                int64_t rows, int64_t width) {
  if (activation == TK_SILU)
    gated_forward(s, gate_up, TK_SILU, rows, width);
  else
    gated_forward(s, gate_up, TK_GELU_TANH, rows, width);
}

TK_INLINE void gated_backward(float *dgate_up, const float *ds, const float *gate_up,
                              tk_activation activation, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; r++) {
    const float *gate = gate_up + r * 2 * width, *up = gate + width;
    float *dgate = dgate_up + r * 2 * width, *dup = dgate + width;
    for (int64_t c = 0; c < width; c += TK_LANES) {
      int64_t lanes = tk_lanes_at(c, width);
      tk_vf u = tk_load_lanes(gate + c, lanes), t = tk_load_lanes(up + c, lanes);
      tk_vf d = tk_load_lanes(ds + r * width + c, lanes);
      tk_store_lanes(dup + c, d * activation_value(u, activation), lanes);
      tk_store_lanes(dgate + c, (d * t) * activation_slope(u, activation), lanes);
    }
  }
}
static void gated_backward_block(float *dgate_up, const float *ds, const float *gate_up,
                                 tk_activation activation, int64_t rows, int64_t width) {
  if (activation == TK_SILU)
    gated_backward(dgate_up, ds, gate_up, TK_SILU, rows, width);
  else
    gated_backward(dgate_up, ds, gate_up, TK_GELU_TANH, rows, width);
}
