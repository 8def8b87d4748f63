// The block kernels for AVX2 with FMA.
#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define TK_AVX2_BLOCKS 1
#define TK_TABLE tk_table_avx2
#include "blocks.inc"
#pragma clang attribute pop
#endif
