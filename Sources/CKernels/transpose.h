// The transpose of a 16 x 16 block held in 16 vectors.
#pragma once
#include "vector.h"

// Within each quarter: elements 0 and 1, or 2 and 3, of a and b, taken in turn.
#define TK_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define TK_HIGH(a, b) \
  __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
// Within each quarter: the first pair of a, then of b; or the second pairs.
#define TK_LOW_PAIR(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define TK_HIGH_PAIR(a, b) \
  __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
// Quarters 0 and 2, or 1 and 3, of a and then of b.
#define TK_EVEN_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define TK_ODD_QUARTERS(a, b) \
  __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

TK_INLINE void tk_transpose(tk_vf v[16]) {
  tk_vf t[16], u[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 2) {
    t[i] = TK_LOW(v[i], v[i + 1]);
    t[i + 1] = TK_HIGH(v[i], v[i + 1]);
  }
  // Quarter q of u[4i + j] is column 4q + j of rows 4i ... 4i + 3.
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) {
    u[i] = TK_LOW_PAIR(t[i], t[i + 2]);
    u[i + 1] = TK_HIGH_PAIR(t[i], t[i + 2]);
    u[i + 2] = TK_LOW_PAIR(t[i + 1], t[i + 3]);
    u[i + 3] = TK_HIGH_PAIR(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int j = 0; j < 4; j++) {
    tk_vf even_low = TK_EVEN_QUARTERS(u[j], u[4 + j]), odd_low = TK_ODD_QUARTERS(u[j], u[4 + j]);
    tk_vf even_high = TK_EVEN_QUARTERS(u[8 + j], u[12 + j]);
    tk_vf odd_high = TK_ODD_QUARTERS(u[8 + j], u[12 + j]);
    v[j] = TK_EVEN_QUARTERS(even_low, even_high);
    v[4 + j] = TK_EVEN_QUARTERS(odd_low, odd_high);
    v[8 + j] = TK_ODD_QUARTERS(even_low, even_high);
    v[12 + j] = TK_ODD_QUARTERS(odd_low, odd_high);
  }
}
